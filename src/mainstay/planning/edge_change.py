"""The change of the edge between two releases, such that it never routes a request to a service without traffic."""

from typing import NamedTuple

from msgspec.structs import replace

from mainstay.model import Edge
from mainstay.steps.configure_edge import ConfigureEdge


class EdgeChange(NamedTuple):
    """The steps that change the edge; None where nothing changes."""

    first: ConfigureEdge | None
    """Before anything starts: provides the routes of both releases."""
    last: ConfigureEdge | None
    """After traffic has moved: removes the routes that only the old release has."""


def edge_change(before: Edge | None, after: Edge | None) -> EdgeChange:
    """Return the change of the edge from *before* to *after*."""
    both = _with_both_routes(before, after)
    return EdgeChange(
        first=ConfigureEdge(before=before, after=both) if both != before else None,
        last=ConfigureEdge(before=both, after=after) if after != both else None,
    )


def _with_both_routes(before: Edge | None, after: Edge | None) -> Edge | None:
    if before is None or after is None:
        return after or before
    known = {(route.path, route.host, route.listen) for route in before.routes}
    new = tuple(route for route in after.routes if (route.path, route.host, route.listen) not in known)
    routes = before.routes + new
    return replace(after, routes=after.routes if set(routes) == set(after.routes) else routes)
