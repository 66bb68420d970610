"""A flow is run: values and cookies are kept, `finally` always follows, and a failure shows no secret."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mainstay.drivers.world import RunWorld
from mainstay.errors import Interrupted, StepFailed, Unreachable
from mainstay.model import Edge, Route
from mainstay.model.flow import Expectation, Flow, FlowStep
from mainstay.model.http import EntranceName, HttpRequest, HttpResponse
from mainstay.model.log_lines import LogLine
from mainstay.steps.support.flow_run import FlowRun
from mainstay.system.clock import Waiter
from tests.fakes.target import FakeTarget
from tests.fakes.world import fake_world

EDGE = Edge(routes=(Route("/", "web"),))
OK = Expectation((200,))
LOG_IN = FlowStep("POST", "/log-in", json={"password": "{password}"}, expect=OK, keep={"token": "$.token"})
READ = FlowStep("GET", "/me", {"Authorization": "Bearer {token}"}, expect=OK)
CLEAN_UP = FlowStep("DELETE", "/me", {"Authorization": "Bearer {token}"}, expect=OK)
FLOW = Flow("account", (LOG_IN, READ), (CLEAN_UP,))
TOKEN = b'{"token": "tok-12345"}'
Respond = Callable[[HttpRequest, EntranceName], HttpResponse]


def respond(
    status: int = 200, body: bytes = TOKEN, *, at: str = "", headers: tuple[tuple[str, str], ...] = ()
) -> Respond:
    """Respond with *status* to requests for *at*, or to all, and with 200 to others."""
    return lambda request, door: (
        HttpResponse(status, headers, body, 0.01) if at in request.path else HttpResponse(200, (), TOKEN, 0.01)
    )


@pytest.fixture
def target(world: RunWorld) -> FakeTarget:
    assert isinstance(world.target, FakeTarget)
    world.target.start()
    world.target.set_edge(EDGE)
    world.target.respond = respond()
    return world.target


@pytest.fixture
def world(tmp_path: object) -> RunWorld:
    return fake_world(tmp_path)  # type: ignore[arg-type]  # a path


def run(world: RunWorld, flow: Flow = FLOW) -> FlowRun:
    return FlowRun(world, flow, "front", EDGE, "2.0")


def sent(target: FakeTarget) -> list[str]:
    return [f"{request.method} {request.path}" for _, request in target.requests]


def failure(world: RunWorld, flow: Flow = FLOW) -> str:
    with pytest.raises(StepFailed) as failed:
        run(world, flow).run()
    return failed.value.what


def test_a_flow_uses_the_values_that_it_keeps(world: RunWorld, target: FakeTarget) -> None:
    run(world).run()
    assert sent(target) == ["POST /log-in", "GET /me", "DELETE /me"]
    assert dict(target.requests[2][1].headers)["Authorization"] == "Bearer tok-12345"


def test_cookies_are_kept_within_a_flow_and_not_beyond(world: RunWorld, target: FakeTarget) -> None:
    target.respond = respond(at="log-in", headers=(("set-cookie", "sid=abc; Path=/; HttpOnly"),))
    run(world).run()
    run(world).run()
    cookies = [dict(request.headers).get("Cookie") for _, request in target.requests]
    assert cookies == [None, "sid=abc", "sid=abc"] * 2


def test_each_run_has_its_own_generated_values(world: RunWorld, target: FakeTarget) -> None:
    flow = Flow("a", (FlowStep("GET", "/{unique}/{version}", expect=OK),))
    run(world, flow).run()
    run(world, flow).run()
    assert len(set(sent(target))) == 2
    assert all(each.endswith("/2.0") for each in sent(target))


def test_finally_follows_an_unexpected_response(world: RunWorld, target: FakeTarget) -> None:
    target.respond = respond(500, at="/me")
    assert "GET /me: the status is 500, not 200" in failure(world)
    assert sent(target)[-1] == "DELETE /me"


def test_finally_follows_an_interruption(world: RunWorld, target: FakeTarget) -> None:
    def beat() -> None:
        if target.requests:
            raise Interrupted("interrupted")

    with pytest.raises(Interrupted):
        run(replace(world, waiter=Waiter(world.clock, beat))).run()
    assert sent(target) == ["POST /log-in", "DELETE /me"]


def test_a_failure_of_finally_fails_the_flow(world: RunWorld, target: FakeTarget) -> None:
    flow = Flow("account", (LOG_IN,), (CLEAN_UP, FlowStep("GET", "/end", expect=OK)))
    target.respond = respond(500, at="/me")
    assert "DELETE /me: the status is 500" in failure(world, flow)
    assert sent(target)[-1] == "GET /end"


def test_a_step_of_finally_whose_value_was_not_kept_is_left_out(world: RunWorld, target: FakeTarget) -> None:
    target.respond = respond(500)
    found = run(world)
    with pytest.raises(StepFailed):
        found.run()
    assert sent(target) == ["POST /log-in"]
    assert found.outcomes[-1].problem == "left out, because no step kept {token}"


def test_a_value_that_is_not_in_the_response_fails_the_step(world: RunWorld, target: FakeTarget) -> None:
    target.respond = respond(body=b"{}")
    assert "POST /log-in: there is no $.token to keep" in failure(world)


def test_a_get_is_repeated_until_its_response_is_as_expected(world: RunWorld, target: FakeTarget) -> None:
    target.respond = lambda request, door: HttpResponse(200 if len(target.requests) > 3 else 404, (), b"", 0.01)
    run(world, Flow("a", (FlowStep("GET", "/", expect=Expectation((200,), within_s=5)),))).run()
    assert len(target.requests) == 4


def test_a_get_is_not_repeated_beyond_its_time(world: RunWorld, target: FakeTarget) -> None:
    target.respond = respond(404)
    failure(world, Flow("a", (FlowStep("GET", "/", expect=Expectation((200,), within_s=1)),)))
    assert 2 < len(target.requests) < 8


def test_a_target_that_does_not_respond_fails_the_step(world: RunWorld, target: FakeTarget) -> None:
    def unreachable(request: HttpRequest, door: EntranceName) -> HttpResponse:
        raise Unreachable("no response")

    target.respond = unreachable
    assert "POST /log-in: no response" in failure(world)


def test_a_failure_shows_request_response_and_log_without_secrets(world: RunWorld, target: FakeTarget) -> None:
    def fails(request: HttpRequest, door: EntranceName) -> HttpResponse:
        if request.path != "/me":
            return HttpResponse(200, (), TOKEN, 0.01)
        line = f"500 for {dict(request.headers)['Authorization']}"
        now, old = world.clock.now().isoformat(), "2020-01-01T00:00:00+00:00"
        target.lines += [
            LogLine(now, "web", 1, "web-1-1", "out", line),
            LogLine(old, "web", 1, "web-1-1", "out", "old"),
        ]
        body = b'{"error": "bad token tok-12345", "session": "s-98765"}'
        return HttpResponse(500, (("x-request-id", "r1"), ("set-cookie", "sid=cookie-1")), body, 0.01)

    target.respond = fails
    text = failure(world)
    shown = (
        "request:  GET /me",
        "Authorization: ••••",
        "response: 500",
        "x-request-id: r1",
        "bad token",
        "log of web:",
    )
    assert [word for word in shown if word not in text] == []
    assert [word for word in ("tok-12345", "s-98765", "cookie-1", "Aa1-", "old") if word in text] == []


def test_a_long_body_is_cut(world: RunWorld, target: FakeTarget) -> None:
    target.respond = respond(500, b"x" * 100_000)
    assert "… (100,000 characters)" in failure(world)
    assert len(failure(world)) < 5_000
