"""Observe and settle: they fail at the first problem of a new revision."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mainstay.drivers.targets.target import LogLine
from mainstay.drivers.world import RunWorld
from mainstay.errors import StepFailed
from mainstay.model import Revision, Shift, Traffic
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
