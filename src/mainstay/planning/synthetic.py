"""The synthetic requests of a rollout: GETs of smoke flows that need no earlier step, or else the readiness paths."""

from collections.abc import Iterator
from itertools import takewhile

import msgspec
from msgspec.structs import replace

from mainstay.judging.flow import route_of
from mainstay.model import Edge, Release, Route, placeholders
from mainstay.model.flow import Expectation, Flow, Flows, FlowStep
from mainstay.model.synthetic import SyntheticRequests
from mainstay.planning.rollout import Rollout

MOST = 20
"""Maximum number of different requests: if there were more, each would be sent too rarely to show a difference."""
_KNOWN = {"unique", "version"}
"""The placeholders that have a value without earlier steps."""
_GOOD = tuple(range(200, 400))
"""The expected statuses of a readiness path, as for its probe."""


def synthetic_requests(flows: Flows, release: Release, rollout: Rollout, replaced: str) -> SyntheticRequests | None:
    """Return the requests for comparing *release* with the release that it replaces, whose version is *replaced*.

    None when there is no edge, or no request is suitable.
    """
    if release.edge is None:
        return None
    changed = [change.service for change in rollout.changes if change.new is not None and not change.worker]
    found = list(_gets(flows)) or list(_readiness(release, release.edge, changed))
    if not found:
        return None
    return SyntheticRequests(tuple(found[:MOST]), release.edge, release.version, replaced)


def _gets(flows: Flows) -> Iterator[Flow]:
    """Yield the GETs that need no kept value, up to the first other method, after which a GET may need a cookie."""
    for flow in flows:
        for step in takewhile(lambda step: step.method == "GET", () if flow.writes else flow.steps):
            if _names(step) <= _KNOWN:
                yield replace(flow, steps=(replace(step, keep={}),), finally_=())


def _names(step: FlowStep) -> set[str]:
    return {found.name for found in placeholders.found_in(msgspec.json.encode(step).decode())}


def _readiness(release: Release, edge: Edge, changed: list[str]) -> Iterator[Flow]:
    """Yield a request for the readiness path of each of the services *changed*, if a route leads the path to it."""
    for service in changed:
        health = release.services[service].workload.health
        paths = [_outside(route, health.ready or "/") for route in edge.routes if route.service == service]
        led = (path for path in paths if (found := route_of(path, "", edge)) and found.service == service)
        if health.kind == "http" and (path := next(led, "")):
            yield Flow(f"readiness of {service}", (FlowStep("GET", path, expect=Expectation(_GOOD)),))


def _outside(route: Route, path: str) -> str:
    """Return the path that a client sends, so that the service of *route* gets *path*."""
    return route.path.rstrip("/") + path if route.strip else path
