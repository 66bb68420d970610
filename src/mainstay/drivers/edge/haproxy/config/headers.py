"""The response headers of the manifest, which a front door sets on all responses, also on error pages and redirects."""

from mainstay.drivers.edge.haproxy.config.syntax import fixed, lines
from mainstay.model import Edge

_RESERVE_BYTES = 1024
"""HAProxy's default room for headers that rules add. A response whose headers do not fit becomes a 500."""


def reserve(edge: Edge) -> str:
    """Return the line of `global` that reserves room for the headers in HAProxy's buffers; empty without headers."""
    if not edge.headers:
        return ""
    size = sum(len(f"{name}: {value}\r\n") for name, value in edge.headers)
    return lines(f"tune.maxrewrite {_RESERVE_BYTES + size}")


def header_rules(edge: Edge) -> str:
    """Return the rules that set the headers. Each one replaces the service's header of the same name."""
    return lines(*(f"http-after-response set-header {name} {fixed(value)}" for name, value in edge.headers))
