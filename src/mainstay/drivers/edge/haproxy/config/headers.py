"""Response headers of a front door. They are on the edge's own responses too: error pages and redirects."""

from mainstay.drivers.edge.haproxy.config.syntax import fixed, lines
from mainstay.model import Edge

_RESERVE_BYTES = 1024
"""HAProxy's default for headers that rules add. A response to which they cannot be added becomes a 500."""


def reserve(edge: Edge) -> str:
    """Return the line for `global` that reserves room in the buffers for the headers."""
    if not edge.headers:
        return ""
    size = sum(len(f"{name}: {value}\r\n") for name, value in edge.headers)
    return lines(f"tune.maxrewrite {_RESERVE_BYTES + size}")


def header_rules(edge: Edge) -> str:
    """Return the rules that set the headers; each replaces the service's header of that name."""
    return lines(*(f"http-after-response set-header {name} {fixed(value)}" for name, value in edge.headers))
