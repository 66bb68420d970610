"""Pure functions of smoke flows: the next request, the values to keep of a response, and the route of a request."""

import json
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote

from mainstay.judging.expectations import NoJson, document_of
from mainstay.judging.flow_text import Values, fill, fill_all
from mainstay.judging.json_path import values_at
from mainstay.model import Edge, Route
from mainstay.model.flow import Flow, FlowStep
from mainstay.model.http import HttpRequest, HttpResponse
from mainstay.model.matching import in_order, matches, matches_host

WITHIN_S = 10.0
"""Timeout in seconds of a request whose step has no `within`."""
SLACK_S = 1.0
"""Seconds that a request may take beyond its `within`, so that a late response can be shown."""
ANY_HOST = "localhost"


class KeptValues(NamedTuple):
    """The values that a step keeps by name, and the JSONPaths of `keep` at which the response has no value."""

    values: dict[str, object]
    missing: tuple[str, ...]


def request_of(step: FlowStep, flow: Flow, edge: Edge | None, values: Values, cookies: str = "") -> HttpRequest:
    """Return the request of *step*, with *cookies* as its Cookie. Raises KeyError with the name of a missing value."""
    headers = {name: fill(text, values) for name, text in step.headers.items()}
    body = b""
    if step.json is not None:
        headers.setdefault("Content-Type", "application/json")
        body = json.dumps(fill_all(step.json, values)).encode()
    if cookies and "cookie" not in {name.lower() for name in headers}:
        headers["Cookie"] = cookies
    path = fill(step.path, values)
    within = step.expect.within_s or WITHIN_S
    return HttpRequest(
        step.method, path, tuple(headers.items()), body, host_of(path, flow.host, edge), within + SLACK_S
    )


def kept_of(step: FlowStep, response: HttpResponse, values: Values) -> KeptValues:
    """Return the values that *step* keeps of its response."""
    if not step.keep:
        return KeptValues({}, ())
    try:
        document = document_of(response)
    except NoJson:
        return KeptValues({}, tuple(step.keep.values()))
    found = {name: values_at(document, fill(path, values)).values for name, path in step.keep.items()}
    return KeptValues(
        {name: each[0] for name, each in found.items() if each},
        tuple(step.keep[name] for name, each in found.items() if not each),
    )


def may_repeat(step: FlowStep, response: HttpResponse) -> bool:
    """Return whether the request may be sent again after *response*: a GET whose step has a time limit
    (`expect.within`), unless the status is 500 or above.
    """
    return step.method == "GET" and bool(step.expect.within_s) and response.status < 500


def host_of(path: str, host: str, edge: Edge | None) -> str:
    """Return the Host of a request for *path*: *host*, else the host of its route, else `localhost`.

    The port of the route follows if the route has a front door of its own.
    """
    route = route_of(path, host, edge)
    if route is None:
        return host or ANY_HOST
    name = host or route.host.replace("*", "smoke", 1) or ANY_HOST
    return f"{name}:{route.listen}" if route.listen else name


def route_of(path: str, host: str, edge: Edge | None) -> Route | None:
    """Return the route of a request; the route of any host if *host* is empty. None when no route matches.

    Without *host*, the route with the longest path is returned; of equally long ones, a route without a host.
    """
    routes: Iterable[Route] = edge.routes if edge else ()
    plain = unquote(path.partition("?")[0])
    if host:
        return next((each for each in in_order(routes) if matches(each, host, plain)), None)
    found = [each for each in routes if matches(each, _name(each), plain)]
    return max(found, key=lambda each: (len(each.path), not each.host), default=None)


def service_of(flow: Flow, edge: Edge) -> str:
    """Return the service to which a route leads the first step of *flow*; empty when no route matches."""
    route = route_of(flow.steps[0].path, flow.host, edge)
    return route.service if route else ""


def _name(route: Route) -> str:
    name = route.host.replace("*", "smoke", 1)
    return name if matches_host(route.host, name) else route.host
