"""The synthetic requests of a rollout: those GETs of the smoke flows that stand alone, or else the readiness paths."""

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
"""More requests would each be sent too seldom to show anything."""
_KNOWN = {"unique", "version"}
"""The placeholders that have a value without earlier steps."""
_GOOD = tuple(range(200, 400))
"""As for a readiness probe."""


def synthetic_requests(flows: Flows, release: Release, rollout: Rollout, replaced: str) -> SyntheticRequests | None:
    """Return what may be sent to *release* and to the version *replaced* alike; None if there is nothing."""
    if release.edge is None:
        return None
    changed = [change.service for change in rollout.changes if change.new is not None and not change.worker]
    found = list(_gets(flows)) or list(_readiness(release, release.edge, changed))
    if not found:
        return None
    return SyntheticRequests(tuple(found[:MOST]), release.edge, release.version, replaced)


def _gets(flows: Flows) -> Iterator[Flow]:
    """Yield each GET that needs nothing of an earlier step; after another method, a cookie may be needed."""
    for flow in flows:
        for step in takewhile(lambda step: step.method == "GET", () if flow.writes else flow.steps):
            if _names(step) <= _KNOWN:
                yield replace(flow, steps=(replace(step, keep={}),), finally_=())


def _names(step: FlowStep) -> set[str]:
    return {found.name for found in placeholders.found_in(msgspec.json.encode(step).decode())}


def _readiness(release: Release, edge: Edge, changed: list[str]) -> Iterator[Flow]:
    """Yield a request for the readiness path of each changed service to which a route leads it."""
    for service in changed:
        health = release.services[service].workload.health
        paths = [_outside(route, health.ready or "/") for route in edge.routes if route.service == service]
        led = (path for path in paths if (found := route_of(path, "", edge)) and found.service == service)
        if health.kind == "http" and (path := next(led, "")):
            yield Flow(f"readiness of {service}", (FlowStep("GET", path, expect=Expectation(_GOOD)),))


def _outside(route: Route, path: str) -> str:
    """Return *path* of a service as its clients outside write it."""
    return route.path.rstrip("/") + path if route.strip else path
