"""The synthetic requests of a rollout: GETs of smoke flows, and readiness paths of services that get none of these."""

from collections.abc import Iterator
from itertools import islice, takewhile

import msgspec
from msgspec.structs import replace

from mainstay.judging.flow import route_of, service_of
from mainstay.model import Edge, Release, Route, placeholders
from mainstay.model.flow import Expectation, Flow, Flows, FlowStep
from mainstay.model.synthetic import SyntheticRequests
from mainstay.planning.rollout import Rollout

MOST = 20
"""Maximum number of different GETs of smoke flows: with more, each would be sent too rarely to show a difference."""
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
    gets = _gets(flows)
    requested = _requested(gets, release.edge)
    others = [
        change.service
        for change in rollout.changes
        if change.new is not None and not change.worker and change.service not in requested
    ]
    found = (*gets, *_readiness(release, release.edge, others))
    return SyntheticRequests(found, release.edge, release.version, replaced) if found else None


def notes_on_quiet_services(flows: Flows, release: Release, rollout: Rollout) -> Iterator[str]:
    """Yield a note for each service whose requests are compared and that no synthetic request of a flow can reach."""
    if not flows or release.edge is None or not rollout.compares:
        return
    reached = _with_callees(_requested(_gets(flows), release.edge), release)
    for change in rollout.replacing:
        if change.service not in reached:
            how = f"`when_quiet: {change.strategy.when_quiet}` decides"
            if any(_readiness(release, release.edge, [change.service])):
                how = "Mainstay compares responses to its readiness path"
            yield (
                f"no smoke flow requests {change.service} with a GET that Mainstay can repeat: while users send few "
                f"requests, {how} (explanation: verdict.md)"
            )


def _requested(gets: Flows, edge: Edge) -> set[str]:
    """Return the services to which routes lead *gets*."""
    return {service_of(flow, edge) for flow in gets} - {""}


def _with_callees(services: set[str], release: Release) -> set[str]:
    """Return *services* with all that they call, and all that those call."""
    found, new = set[str](), services
    while new:
        found |= new
        needed = (release.services[name].needs for name in new if name in release.services)
        new = {each for needs in needed for each in needs} - found
    return found


def _gets(flows: Flows) -> Flows:
    """Return the GETs that need no kept value, up to the first other method, after which a GET may need a cookie."""
    found = (
        replace(flow, steps=(replace(step, keep={}),), finally_=())
        for flow in flows
        for step in takewhile(lambda step: step.method == "GET", () if flow.writes else flow.steps)
        if _names(step) <= _KNOWN
    )
    return tuple(islice(found, MOST))


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
