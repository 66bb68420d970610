"""Observe and settle: they fail at the first problem of a new revision."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.drivers.targets.target import LogLine
from mainstay.drivers.world import RunWorld
from mainstay.errors import StepFailed, Unreachable
from mainstay.model import Revision, Shift, Traffic
from mainstay.model.signals import Counts as RequestCounts
from mainstay.model.signals import Signals, SignalSource
from mainstay.steps.observe import Counts, Observe
from mainstay.steps.settle import Settle
from mainstay.steps.step import Look
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
    assert step.do(observed.world) == "2 of 2 ready, none restarted in 30 s"
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
        "2 of 2 ready, none restarted in 30 s; web@2: 0 % of 1,180 requests failed against 0 % of 1,180 requests"
    )


@pytest.mark.requirement("C43")
def test_a_release_that_fails_more_requests_ends_the_observation(observed: Observed) -> None:
    share(observed)
    observed.at(10, lambda: both_answer(observed, 10, errors=5))
    with pytest.raises(StepFailed, match=r"worse than the old one: web@2: 50 % of \d+ requests failed") as failed:
        COMPARING.do(observed.world)
    assert failed.value.remedy == "mainstay logs web --release 2"
    assert observed.clock.monotonic() < 13


def test_a_release_with_all_requests_is_compared_with_the_minute_before(observed: Observed) -> None:
    answer(observed, 1, 5000, errors=5)
    observed.at(1, lambda: answer(observed, 2, 20))
    assert SETTLING.do(observed.world).endswith(" requests failed against 0.1 % of 5,000 requests")
    observed.at(35, lambda: answer(observed, 2, 20, errors=2))
    with pytest.raises(StepFailed, match="worse than the old one"):
        SETTLING.do(observed.world)


@pytest.mark.failure("F77")
def test_too_few_requests_do_not_prolong_the_observation(observed: Observed) -> None:
    share(observed)
    observed.at(29, lambda: answer(observed, 2, 3))
    assert COMPARING.do(observed.world).endswith("web@2: 0 % of 9 requests failed, too few requests to compare")
    assert observed.clock.monotonic() == 30


def test_without_requests_nothing_is_compared(observed: Observed) -> None:
    share(observed)
    assert COMPARING.do(observed.world).endswith("; web@2: no requests, too few requests to compare")


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


def test_an_observation_without_time_compares_nothing(observed: Observed) -> None:
    share(observed)
    at_once = replace(COMPARING, for_s=0)
    assert at_once.do(observed.world) == "2 of 2 ready, none restarted"
