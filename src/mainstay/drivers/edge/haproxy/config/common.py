"""The rules for all requests, from outside and inside."""

from mainstay.drivers.edge.haproxy.access_lines import RELEASE
from mainstay.drivers.edge.haproxy.config.pages import type_rules
from mainstay.model import Edge


def common_rules(edge: Edge, *, bridged: bool = False) -> str:
    """Return the rules for all requests: request id, values for the access log, no retry of unsafe methods.

    *bridged*: responses to some requests come over a bridge, which has named the release.
    """
    unless = " if !{ var(txn.bridged) -m found }" if bridged else ""
    lines = [
        "log global",  # Not in `defaults`, since backends would then log when a server goes up or down.
        "http-request disable-l7-retry if !{ method GET HEAD OPTIONS }",
        "http-request set-header X-Request-Id %[uuid()] if !{ req.hdr(X-Request-Id) -m len 1:128 }",
        "http-request set-var(txn.id) req.hdr(X-Request-Id)",
        "http-request set-var(txn.method) method",
        "http-request set-var(txn.path) path",
        "http-after-response set-header X-Request-Id %[var(txn.id)] if { var(txn.id) -m found }",
        f"http-response del-header X-Mainstay-Release{unless}",
        *type_rules(),
    ]
    if edge.release_header:
        lines.append(f"http-response set-header X-Mainstay-Release {RELEASE}{unless}")
    return "\n".join(f"  {line}" for line in lines)
