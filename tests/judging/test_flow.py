"""The next request of a flow, what is kept of its response, and where its requests lead."""

import json

import pytest

from mainstay.judging.flow import host_of, kept_of, may_repeat, request_of, route_of
from mainstay.model import Edge, Route
from mainstay.model.flow import Expectation, Flow, FlowStep
from mainstay.model.http import HttpResponse

EDGE = Edge(
    routes=(
        Route("/", "web"),
        Route("/api", "api"),
        Route("/", "shop", host="shop.example"),
        Route("/", "tenant", host="*.shop.example"),
        Route("/admin", "admin", listen=3001),
    )
)
FLOW = Flow("a", ())


def test_a_request_has_the_values_of_the_flow() -> None:
    step = FlowStep("POST", "/api/{id}?q={q}", {"X-Id": "{id}"}, {"id": "{id}", "text": "no {id}", "l": [1, "{q}"]})
    request = request_of(step, FLOW, EDGE, {"id": 7, "q": "ocean"}, "a=1")
    assert (request.method, request.path, request.host) == ("POST", "/api/7?q=ocean", "localhost")
    assert dict(request.headers) == {"X-Id": "7", "Content-Type": "application/json", "Cookie": "a=1"}
    assert json.loads(request.body) == {"id": 7, "text": "no 7", "l": [1, "ocean"]}


def test_a_value_that_was_not_kept_is_named() -> None:
    with pytest.raises(KeyError, match="token"):
        request_of(FlowStep("GET", "/{token}"), FLOW, EDGE, {})


@pytest.mark.parametrize(
    ("path", "host", "service", "sent"),
    [
        ("/x", "", "web", "localhost"),
        ("/api?x=1", "", "api", "localhost"),
        ("/apix", "", "web", "localhost"),
        ("/admin/users", "", "admin", "localhost:3001"),
        ("/x", "shop.example", "shop", "shop.example"),
        ("/x", "a.shop.example", "tenant", "a.shop.example"),
        ("/x", "other.example", "web", "other.example"),
    ],
)
def test_a_request_is_for_the_host_of_its_route(path: str, host: str, service: str, sent: str) -> None:
    route = route_of(path, host, EDGE)
    assert (route.service if route else "", host_of(path, host, EDGE)) == (service, sent)


def test_a_route_with_a_host_is_used_where_no_other_leads_the_path() -> None:
    edge = Edge(routes=(Route("/", "tenant", host="*.shop.example"),))
    assert host_of("/x", "", edge) == "smoke.shop.example"


def test_kept_values_are_those_at_their_paths() -> None:
    step = FlowStep("GET", "/", keep={"token": "$.t", "id": "$.list[0].id", "no": "$.no"})
    found = kept_of(step, HttpResponse(200, (), b'{"t": "x", "list": [{"id": 3}]}', 0), {})
    assert found == ({"token": "x", "id": 3}, ("$.no",))
    assert kept_of(step, HttpResponse(200, (), b"no", 0), {}) == ({}, ("$.t", "$.list[0].id", "$.no"))


@pytest.mark.parametrize(
    ("method", "within_s", "status", "repeated"),
    [("GET", 1, 404, True), ("GET", 0, 404, False), ("POST", 1, 404, False), ("GET", 1, 500, False)],
)
def test_only_a_get_with_a_time_limit_is_repeated_and_no_failure_is(
    method: str, within_s: float, status: int, repeated: bool
) -> None:
    step = FlowStep(method, "/", expect=Expectation((200,), within_s=within_s))
    assert may_repeat(step, HttpResponse(status, (), b"", 0)) is repeated
