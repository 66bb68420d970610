"""Observe and settle: they fail at the first problem of a new revision."""

import dataclasses
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.drivers.world import RunWorld
from mainstay.errors import StepFailed, Unreachable
from mainstay.model import Edge, Revision, Route, Shift, Traffic
from mainstay.model.flow import Expectation, Flow, FlowStep
from mainstay.model.http import EntranceName, HttpRequest, HttpResponse
from mainstay.model.log_lines import LogLine
from mainstay.model.signals import Counts as RequestCounts
from mainstay.model.signals import Signals, SignalSource
from mainstay.model.synthetic import SyntheticRequests
from mainstay.steps.observe import Counts, Observe
from mainstay.steps.settle import Settle
from mainstay.steps.step import Look
from mainstay.steps.support.step_figures import StepFigures
from mainstay.system.clock import Waiter
from tests.fakes.clock import TurnableClock
from tests.fakes.target import FakeTarget
from tests.fakes.world import fake_world
from tests.shop import fleet, release

NEW: Traffic = {"web": {2: 100.0}}
OBSERVE = Observe(watched={"web": {2: 2}}, traffic=NEW, for_s=30)
SETTLE = Settle(watched={"web": {2: 2}}, traffic=NEW, for_s=30)
both = pytest.mark.parametrize("step", [OBSERVE, SETTLE], ids=["observe", "settle"])


class Observed:
    def __init__(self, folder: Path) -> None:
        self.clock = TurnableClock()
        self.target = FakeTarget(self.clock)
        self.target.start()
        self.target.set_fleet({"web": fleet(release(1))["web"] | fleet(release(2))["web"]})
        self.target.set_traffic((Shift(NEW),))
        self.world: RunWorld = fake_world(folder, target=self.target, clock=self.clock)

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Call *action* once *seconds* have passed."""
        self.clock.paused = lambda: action() if self.clock.monotonic() >= seconds else None


@pytest.fixture
def observed(tmp_path: Path) -> Observed:
    return Observed(tmp_path)


@both
def test_an_observation_without_a_problem_lasts_its_whole_time(step: Observe | Settle, observed: Observed) -> None:
    assert step.do(observed.world) == "2 of 2 ready, none restarted"
    assert observed.clock.monotonic() == 30


@both
@pytest.mark.failure("F23")
@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_clock_that_is_set_does_not_change_the_time_of_an_observation(
    step: Observe | Settle, seconds: int, observed: Observed
) -> None:
    observed.clock.paused = lambda: observed.clock.step(seconds)
    assert step.do(observed.world) == "2 of 2 ready, none restarted"
    assert observed.clock.monotonic() == 30


@both
def test_a_restart_ends_the_observation(step: Observe | Settle, observed: Observed) -> None:
    observed.at(10, lambda: observed.target.restarts.update({Revision("web", 2): 1}))
    with pytest.raises(StepFailed, match="web-2-1 restarted while it was observed"):
        step.do(observed.world)
    assert observed.clock.monotonic() < 11


def test_the_last_lines_of_both_streams_are_shown_after_a_restart(observed: Observed) -> None:
    for instance, stream, line in (("web-2-1", "out", "busy"), ("web-2-1", "err", "no ink"), ("web-2-2", "err", "?")):
        observed.target.lines.append(LogLine("", "web", 2, instance, stream, line))
    observed.at(10, lambda: observed.target.restarts.update({Revision("web", 2): 1}))
    with pytest.raises(StepFailed, match=r"; its last lines:\n    busy\n    no ink$"):
        OBSERVE.do(observed.world)


@both
def test_a_failed_instance_ends_the_observation(step: Observe | Settle, observed: Observed) -> None:
    observed.at(10, lambda: observed.target.sick.add(Revision("web", 2)))
    with pytest.raises(StepFailed, match="web-2-1 failed"):
        step.do(observed.world)


def test_an_unready_instance_ends_the_observation(observed: Observed) -> None:
    observed.at(10, lambda: setattr(observed.target, "ready_after_s", 1000))
    with pytest.raises(StepFailed, match="web@2: 0 of 2 ready"):
        OBSERVE.do(observed.world)


@pytest.mark.parametrize(
    ("watched", "message"),
    [({"web": {2: 3}}, "web@2: 2 of 3 ready"), ({"web": {2: 2}, "api": {2: 1}}, "api@2: 0 of 1 ready")],
    ids=["one too few", "another service's do not count"],
)
def test_a_missing_ready_instance_ends_the_observation(observed: Observed, watched: Counts, message: str) -> None:
    with pytest.raises(StepFailed, match=message):
        Observe(watched=watched, traffic=NEW, for_s=30).do(observed.world)


def test_a_failure_of_the_old_revision_does_not_end_the_observation(observed: Observed) -> None:
    observed.at(10, lambda: observed.target.sick.add(Revision("web", 1)))
    assert OBSERVE.do(observed.world).startswith("2 of 2 ready")


def test_earlier_restarts_do_not_count(observed: Observed) -> None:
    observed.target.restarts[Revision("web", 2)] = 2
    assert OBSERVE.do(observed.world).startswith("2 of 2 ready")


def test_traffic_that_was_reverted_meanwhile_ends_the_observation(observed: Observed) -> None:
    observed.at(10, lambda: observed.target.set_traffic((Shift({"web": {1: 100.0}}),)))
    with pytest.raises(StepFailed, match="traffic was reverted automatically"):
        OBSERVE.do(observed.world)


@both
def test_an_interrupted_observation_starts_from_zero(step: Observe | Settle, observed: Observed) -> None:
    step.do(observed.world)
    assert step.look(observed.world) is Look.ABSENT
    assert step.undo(observed.world) == "nothing to undo"


COMPARING = Observe(watched={"web": {2: 2}}, traffic={"web": {1: 50.0, 2: 50.0}}, for_s=30, replaced={"web": 1})
SETTLING = Settle(watched={"web": {2: 2}}, traffic=NEW, for_s=30, replaced={"web": 1})


def answer(observed: Observed, release: int, requests: int, errors: int = 0) -> None:
    """Let instances of *release* answer further requests."""
    source = SignalSource("web", release, f"web-{release}-1")
    before = observed.target.counts.get(source, RequestCounts())
    observed.target.counts[source] = before + RequestCounts(requests, errors)


def both_answer(observed: Observed, requests: int, errors: int = 0) -> None:
    """Let both releases answer further requests; the new one answers some with errors."""
    answer(observed, 1, requests)
    answer(observed, 2, requests, errors)


def share(observed: Observed) -> None:
    observed.target.set_traffic((Shift(COMPARING.traffic),))


def test_the_requests_of_both_releases_are_evidence(observed: Observed) -> None:
    share(observed)
    observed.at(1, lambda: both_answer(observed, 20))
    assert COMPARING.do(observed.world) == (
        "2 of 2 ready, none restarted; web@2: 0 % of 1,180 requests failed against 0 % of 1,180"
    )


@pytest.mark.requirement("C43")
def test_a_release_that_fails_more_requests_ends_the_observation(observed: Observed) -> None:
    share(observed)
    observed.at(10, lambda: both_answer(observed, 10, errors=5))
    with pytest.raises(StepFailed, match=r"worse than the old one: web@2: 50 % of \d+ requests failed") as failed:
        COMPARING.do(observed.world)
    assert failed.value.remedy == "mainstay logs edge --release 2"
    assert observed.clock.monotonic() < 13


def test_a_release_with_all_requests_is_compared_with_the_minute_before(observed: Observed) -> None:
    answer(observed, 1, 5000, errors=5)
    observed.at(1, lambda: answer(observed, 2, 20))
    assert SETTLING.do(observed.world).endswith(" requests failed against 0.1 % of 5,000")
    observed.at(35, lambda: answer(observed, 2, 20, errors=2))
    with pytest.raises(StepFailed, match="worse than the old one"):
        SETTLING.do(observed.world)


@pytest.mark.failure("F77")
def test_where_too_few_requests_may_pass_they_do_not_prolong_the_observation(observed: Observed) -> None:
    share(observed)
    observed.at(29, lambda: answer(observed, 2, 3))
    found = replace(COMPARING, when_quiet={"web": "pass"}).do(observed.world)
    assert found.endswith("web@2: 0 % of 9 requests failed, too few requests to compare")
    assert observed.clock.monotonic() == 30


@pytest.mark.requirement("C44")
def test_too_few_requests_are_waited_for_and_then_fail(observed: Observed) -> None:
    share(observed)
    with pytest.raises(StepFailed, match="too few requests to compare after 90 s: web@2: no requests") as failed:
        COMPARING.do(observed.world)
    assert "write strategy: {when_quiet: pass}" in failed.value.remedy
    assert observed.clock.monotonic() == pytest.approx(90, abs=1)


def test_where_too_few_requests_must_fail_the_observation_lasts_no_longer(observed: Observed) -> None:
    share(observed)
    with pytest.raises(StepFailed, match="too few requests to compare after 30 s"):
        replace(COMPARING, when_quiet={"web": "fail"}).do(observed.world)


def test_requests_that_arrive_late_end_the_wait(observed: Observed) -> None:
    share(observed)
    observed.at(40, lambda: both_answer(observed, 20))
    assert " failed against 0 % of " in COMPARING.do(observed.world)
    assert observed.clock.monotonic() < 45


def test_a_short_observation_waits_for_a_minute(observed: Observed) -> None:
    share(observed)
    with pytest.raises(StepFailed, match="after 60 s"):
        replace(COMPARING, for_s=5).do(observed.world)


def test_a_service_that_replaces_nothing_needs_no_requests(observed: Observed) -> None:
    first = replace(SETTLING, replaced={"web": None})
    assert first.do(observed.world).endswith("; web@2: no requests, too few requests to compare")
    assert observed.clock.monotonic() == 30


def test_the_title_states_what_happens_without_requests() -> None:
    assert COMPARING.title == "Observe web@2 for 30 s"
    assert replace(COMPARING, when_quiet={"web": "pass"}).title == "Observe web@2 for 30 s; pass when quiet"
    assert replace(SETTLING, when_quiet={"web": "fail"}).title == "Let web@2 settle for 30 s; fail when quiet"


@pytest.mark.requirement("C72")
def test_an_undecided_observation_lasts_three_times_as_long_and_then_fails(observed: Observed) -> None:
    share(observed)
    answer(observed, 1, 100)
    observed.clock.paused = lambda: answer(observed, 2, 1, errors=1) if observed.clock.monotonic() == 20 else None
    with pytest.raises(StepFailed, match="undecided after 90 s: web@2: 100 % of 1 requests failed"):
        COMPARING.do(observed.world)
    assert observed.clock.monotonic() == pytest.approx(90, abs=1)


@pytest.mark.failure("F78")
def test_an_observation_whose_requests_are_not_counted_is_undecided(
    observed: Observed, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(observed)
    monkeypatch.setattr(observed.target, "signals", unreachable)
    with pytest.raises(StepFailed, match="undecided after 90 s: requests are not being counted"):
        COMPARING.do(observed.world)


def unreachable(ago_s: float = 0.0) -> Signals:
    raise Unreachable("the supervisor is not running")


HOME = Flow("home", (FlowStep("GET", "/", expect=Expectation((200,))),))
SEARCH = Flow("search", (FlowStep("GET", "/search?q={unique}", expect=Expectation(body_contains="{version}")),))
SYNTHETIC = SyntheticRequests((HOME, SEARCH), Edge(routes=(Route("/", "web"),)), "2.0", "1.0")
QUIET = replace(COMPARING, synthetic=SYNTHETIC)


def respond(observed: Observed, errors: Callable[[EntranceName, str], int | None] = lambda door, path: None) -> None:
    """Let each release answer with its version; *errors* returns the status of a request that fails."""
    observed.target.set_edge(SYNTHETIC.edge)

    def response(request: HttpRequest, door: EntranceName) -> HttpResponse:
        release = {"preview": 2, "replaced": 1}[door]
        status = errors(door, request.path) or 200
        return HttpResponse(status, (("x-mainstay-release", str(release)),), b"%d.0" % release, 0.01)

    observed.target.respond = response


def test_a_quiet_observation_sends_the_same_requests_to_both_releases(observed: Observed) -> None:
    share(observed)
    respond(observed)
    assert QUIET.do(observed.world).endswith(
        "web@2: no requests; synthetic requests: 0 % of 61 requests failed against 0 % of 61"
    )
    assert observed.clock.monotonic() == 30
    doors, paths = zip(
        *((door, request.path.partition("?")[0]) for door, request in observed.target.requests), strict=True
    )
    assert doors[:4] == ("preview", "replaced", "preview", "replaced")
    assert paths[:4] == ("/", "/", "/search", "/search")
    assert len(doors) <= 5 * 30
    assert observed.target.traffic_status().preview == {"web": 2}


def test_enough_requests_of_users_end_the_synthetic_ones(observed: Observed) -> None:
    share(observed)
    respond(observed)
    observed.at(5, lambda: both_answer(observed, 200))
    QUIET.do(observed.world)
    assert len(observed.target.requests) < 5 * 7


def test_a_release_that_fails_a_synthetic_request_ends_the_observation_early(observed: Observed) -> None:
    share(observed)
    respond(observed, lambda door, path: 500 if door == "preview" and path == "/" else None)
    with pytest.raises(StepFailed, match="worse than the old one: synthetic GET /: 100 % of "):
        QUIET.do(observed.world)
    assert observed.clock.monotonic() < 20


def test_a_hanging_release_fails_its_synthetic_requests(observed: Observed) -> None:
    def hangs(door: EntranceName, path: str) -> int | None:
        if door == "preview":
            raise Unreachable("no complete response within 3 s")
        return None

    share(observed)
    respond(observed, hangs)
    with pytest.raises(StepFailed, match="worse than the old one: synthetic requests: 100 %"):
        QUIET.do(observed.world)
    assert {request.within_s for _, request in observed.target.requests} == {3.0}


def test_responses_of_another_release_are_not_counted(observed: Observed) -> None:
    share(observed)
    respond(observed)
    old = HttpResponse(500, (("x-mainstay-release", "1"),), b"", 0.01)
    observed.target.respond = lambda request, door: old
    with pytest.raises(StepFailed, match="too few requests to compare after 90 s: web@2: no requests"):
        QUIET.do(observed.world)
    assert len(observed.target.requests) <= 5 * 90


def test_requests_to_a_service_that_replaces_nothing_are_left_out(observed: Observed) -> None:
    share(observed)
    respond(observed)
    edge = Edge(routes=(Route("/", "web"), Route("/search", "new")))
    watched = COMPARING.watched | {"new": {2: 0}}
    traffic = COMPARING.traffic | {"new": {2: 100.0}}
    observed.target.set_traffic((Shift(traffic),))
    step = replace(
        QUIET,
        watched=watched,
        traffic=traffic,
        replaced={"web": 1, "new": None},
        synthetic=replace(SYNTHETIC, edge=edge),
    )
    step.do(observed.world)
    assert {request.path for _, request in observed.target.requests} == {"/"}


def with_cart(observed: Observed, *flows: Flow, edge: Edge) -> Observe:
    """Let cart@2 replace cart@1 beside web, and return the step that observes both while no user sends a request."""
    members = fleet(release(1))["web"] | fleet(release(2))["web"]
    observed.target.set_fleet({"cart": members})
    traffic = COMPARING.traffic | {"cart": {1: 50.0, 2: 50.0}}
    observed.target.set_traffic((Shift(traffic),))
    respond(observed)
    observed.target.set_edge(edge)
    return replace(
        QUIET,
        watched=COMPARING.watched | {"cart": {2: 2}},
        traffic=traffic,
        replaced={"web": 1, "cart": 1},
        synthetic=SyntheticRequests(flows, edge, "2.0", "1.0"),
    )


CART_EDGE = Edge(routes=(Route("/cart", "cart"), Route("/", "web")))
CART = Flow("cart", (FlowStep("GET", "/cart", expect=Expectation((200,))),))


@pytest.mark.failure("F77")
def test_synthetic_requests_to_one_service_are_no_proof_for_another(observed: Observed) -> None:
    step = with_cart(observed, HOME, SEARCH, edge=CART_EDGE)
    world, live, _ = shown(observed)
    with pytest.raises(StepFailed, match=r"to compare cart after 90 s: .*, none reached cart@2") as failed:
        step.do(world)
    assert failed.value.remedy.startswith("add a smoke flow with a GET that reaches cart, ")
    wanted = "needs 100 requests to cart (0 so far) or 20 synthetic ones (0 so far); "
    assert any(wanted in shown for shown in live)
    passing = replace(step, when_quiet={"cart": "pass"}).do(observed.world)
    assert passing.endswith(", none reached cart@2, too few requests to compare cart")


def test_a_service_gets_as_many_synthetic_requests_as_another_with_more_flows(observed: Observed) -> None:
    many = [Flow(f"page {number}", (FlowStep("GET", f"/{number}", expect=Expectation((200,))),)) for number in range(9)]
    with_cart(observed, *many, CART, edge=CART_EDGE).do(observed.world)
    sent = [request.path == "/cart" for door, request in observed.target.requests if door == "preview"]
    assert abs(2 * sum(sent) - len(sent)) <= 1


def test_an_undecided_observation_of_many_services_lasts_longer() -> None:
    assert replace(QUIET, for_s=5, replaced=dict.fromkeys("abcdefgh", 1))._longest_s == 120


def test_heartbeats_are_sent_between_the_requests_of_a_pair(observed: Observed) -> None:
    share(observed)
    respond(observed)
    last: list[EntranceName] = []
    waiter = Waiter(observed.clock, lambda: last.extend(door for door, _ in observed.target.requests[-1:]))
    QUIET.do(dataclasses.replace(observed.world, waiter=waiter))
    assert last.count("preview") >= 50


def test_errors_in_both_releases_are_not_held_against_the_new_one(observed: Observed) -> None:
    share(observed)
    respond(observed, lambda door, path: 500)
    assert QUIET.do(observed.world).endswith(" failed against 50.8 % of 61")


def shown(observed: Observed) -> tuple[RunWorld, list[str], list[tuple[float, str]]]:
    """Return a world, what a live view shows in it, and what is recorded at which second."""
    live, recorded = list[str](), list[tuple[float, str]]()
    world = observed.world.with_progress(lambda what: recorded.append((observed.clock.monotonic(), what)), live.append)
    return world, live, recorded


def test_a_live_view_shows_the_comparison_and_the_time_left_at_every_check(observed: Observed) -> None:
    share(observed)
    observed.at(1, lambda: both_answer(observed, 20))
    world, live, _ = shown(observed)
    COMPARING.do(world)
    assert live[2] == (
        "29 s left; needs 100 requests to web (20 so far); web@2: 0 % of 20 requests failed against 0 % of 20"
    )
    assert live[-1] == "1 s left; web@2: 0 % of 1,160 requests failed against 0 % of 1,160"
    assert len(live) == 60


def test_figures_are_recorded_when_the_result_changes_and_every_ten_seconds(observed: Observed) -> None:
    share(observed)
    observed.at(1, lambda: both_answer(observed, 20))
    world, _, recorded = shown(observed)
    COMPARING.do(world)
    assert [at for at, _ in recorded] == [3.0, 13.0, 23.0]
    assert recorded[0][1].startswith("27 s left; web@2: 0 % of 100 requests failed")


def test_a_result_that_alternates_is_recorded_at_most_every_two_seconds(observed: Observed) -> None:
    world, live, recorded = shown(observed)
    figures = StepFigures(world)
    for number in range(120):
        observed.clock.pause(0.5)
        figures.update(str(number), result="even" if number % 2 else "odd")
    assert len(live) == 120
    assert min(later - at for (at, _), (later, _) in pairwise(recorded)) >= 2


def test_a_prolonged_observation_shows_what_it_waits_for(observed: Observed) -> None:
    share(observed)
    world, live, recorded = shown(observed)
    with pytest.raises(StepFailed):
        COMPARING.do(world)
    wanted = "needs 100 requests to web (0 so far); web@2: no requests"
    assert recorded[3] == (40.0, f"up to 50 s more; {wanted}")
    assert f"up to 30 s more; {wanted}" in live


def test_an_undecided_observation_shows_its_evidence(observed: Observed) -> None:
    share(observed)
    answer(observed, 1, 100)
    observed.clock.paused = lambda: answer(observed, 2, 1, errors=1) if observed.clock.monotonic() == 20 else None
    world, _, recorded = shown(observed)
    with pytest.raises(StepFailed):
        COMPARING.do(world)
    assert "; the result is not clear yet; web@2: 100 % of 1 requests failed" in recorded[-1][1]


def test_the_synthetic_requests_that_are_needed_are_shown(observed: Observed) -> None:
    share(observed)
    respond(observed)
    world, live, _ = shown(observed)
    QUIET.do(world)
    assert live[3].startswith("28 s left; needs 100 requests to web (0 so far) or 20 synthetic ones (")


def test_where_too_few_requests_may_pass_none_are_needed(observed: Observed) -> None:
    share(observed)
    world, live, _ = shown(observed)
    replace(COMPARING, when_quiet={"web": "pass"}).do(world)
    assert set(live[1:3]) == {"30 s left; web@2: no requests", "29 s left; web@2: no requests"}


def test_an_observation_that_compares_nothing_shows_the_time_left(observed: Observed) -> None:
    world, live, recorded = shown(observed)
    OBSERVE.do(world)
    assert (live[0], recorded) == ("30 s left", [(10.0, "20 s left"), (20.0, "10 s left")])


def test_an_observation_without_time_compares_nothing(observed: Observed) -> None:
    share(observed)
    at_once = replace(COMPARING, for_s=0)
    assert at_once.do(observed.world) == "2 of 2 ready, none restarted"
