"""Render the rules that limit the size of a request and the connections of a client."""

from mainstay.drivers.edge.haproxy.config.rate_limits import CLIENT, CLIENTS
from mainstay.drivers.edge.haproxy.config.refusals import read_body, refused
from mainstay.drivers.edge.haproxy.config.syntax import lines
from mainstay.drivers.edge.haproxy.config.trusted_proxies import is_proxy
from mainstay.model import Edge
from mainstay.model.limits import LONGEST_HEADERS

UNDECLARED_BYTES = 4096
"""The longest allowed body without Content-Length. HAProxy can measure such a body only in its buffer, in which the
headers need room too (at most `limits.headers`)."""
_TABLE = "limit:connections"


def connection_table(edge: Edge) -> str:
    """Return the section of the table that counts the open connections of each client; empty without a limit.

    A new worker starts with an empty table, because the connections in the old table stay with the old worker.
    """
    if edge.limits.connections is None:
        return ""
    return f"backend {_TABLE}\n  stick-table type ipv6 size {CLIENTS} expire 1h store conn_cur\n"


def connection_rules(edge: Edge) -> str:
    """Return the rules that reject a client's connections above the limit; a trusted proxy has no limit."""
    if edge.limits.connections is None:
        return ""
    unless = f" if !{is_proxy(edge)}" if edge.trusted_proxies else ""
    return lines(
        f"tcp-request connection track-sc2 {CLIENT} table {_TABLE}{unless}",
        f"tcp-request connection reject if {{ sc2_conn_cur gt {edge.limits.connections} }}",
    )


def size_rules(edge: Edge) -> str:
    """Return the rules that answer 431 to headers above the limit, and 413 to a Content-Length above the limit."""
    limit = edge.limits.headers_bytes or (edge.limits.body_bytes and LONGEST_HEADERS)
    return lines(*(_headers(limit) if limit else ()), *_body(edge))


def body_rules(edge: Edge) -> str:
    """Return the rules for a body in the buffer: 413 above the limit, 411 for a long body without Content-Length."""
    if edge.limits.body_bytes is None:
        return ""
    undeclared = f"!{{ req.hdr(content-length) -m found }} {{ req.body_size gt {UNDECLARED_BYTES} }}"
    return lines(*_body(edge), f"http-request return status 411 if {undeclared}")


def _headers(limit: int) -> list[str]:
    above = f"{{ req.hdrs,length gt {limit} }}"
    return [read_body("refuse-431", above), f"http-request return status 431 if {above}"]


def _body(edge: Edge) -> list[str]:
    limit = edge.limits.body_bytes
    return [] if limit is None else refused(413, f"{{ req.body_size gt {limit} }}")
