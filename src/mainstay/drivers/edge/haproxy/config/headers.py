"""Response headers of a front door. They are on the edge's own responses too: error pages and redirects."""

from mainstay.drivers.edge.haproxy.config.syntax import fixed, lines
from mainstay.model import Edge


def header_rules(edge: Edge) -> str:
    """Return the rules that set the headers; each replaces the service's header of that name."""
    return lines(*(f"http-after-response set-header {name} {fixed(value)}" for name, value in edge.headers))
