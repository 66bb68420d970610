"""Changes of the edge between two releases, such that it never routes a request to a service without traffic."""

from msgspec.structs import replace

from mainstay.model import Edge
from mainstay.steps.configure_edge import ProvideEdge


def edge_steps(before: Edge | None, after: Edge | None) -> tuple[ProvideEdge | None, ProvideEdge | None]:
    """Return the step before anything starts and the step after traffic has moved; None where nothing changes.

    The first step provides what both releases need: the old routes and the new ones.
    """
    both = _both(before, after)
    first = ProvideEdge(before=before, after=both) if both != before else None
    final = ProvideEdge(before=both, after=after) if after != both else None
    return first, final


def _both(before: Edge | None, after: Edge | None) -> Edge | None:
    if before is None or after is None:
        return after or before
    known = {(route.path, route.host, route.listen) for route in before.routes}
    new = tuple(route for route in after.routes if (route.path, route.host, route.listen) not in known)
    routes = before.routes + new
    return replace(after, routes=after.routes if set(routes) == set(after.routes) else routes)
