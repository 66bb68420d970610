"""Observe and settle: they end at the first thing that goes wrong with what is new."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mainstay.drivers.targets.target import LogLine
from mainstay.drivers.world import RunWorld
from mainstay.errors import StepFailed
from mainstay.model import Shift, Traffic
from mainstay.model.revision import Revision
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


class Bench:
    def __init__(self, folder: Path) -> None:
        self.clock = TurnableClock()
        self.target = FakeTarget(self.clock)
        self.target.start()
        self.target.set_fleet({"web": fleet(release(1))["web"] | fleet(release(2))["web"]})
        self.target.set_traffic((Shift(NEW),))
        self.world: RunWorld = fake_world(folder, target=self.target, clock=self.clock)

    def at(self, seconds: float, happens: Callable[[], None]) -> None:
        """Let something happen while time passes."""
        self.clock.paused = lambda: happens() if self.clock.monotonic() >= seconds else None


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@both
def test_all_the_time_passes_where_nothing_goes_wrong(step: Observe | Settle, bench: Bench) -> None:
    assert step.do(bench.world) == "2 of 2 ready, none restarted in 30 s"
    assert bench.clock.monotonic() == 30


@both
def test_a_restart_ends_it(step: Observe | Settle, bench: Bench) -> None:
    bench.at(10, lambda: bench.target.restarts.update({Revision("web", 2): 1}))
    with pytest.raises(StepFailed, match="web-2-1 restarted while it was observed"):
        step.do(bench.world)
    assert bench.clock.monotonic() < 11


def test_the_last_lines_of_both_streams_are_shown_though_the_instance_runs_again(bench: Bench) -> None:
    for instance, stream, line in (("web-2-1", "out", "busy"), ("web-2-1", "err", "no ink"), ("web-2-2", "err", "?")):
        bench.target.lines.append(LogLine("", "web", 2, instance, stream, line))
    bench.at(10, lambda: bench.target.restarts.update({Revision("web", 2): 1}))
    with pytest.raises(StepFailed, match=r"; its last lines:\n    busy\n    no ink$"):
        OBSERVE.do(bench.world)


@both
def test_an_instance_that_fails_ends_it(step: Observe | Settle, bench: Bench) -> None:
    bench.at(10, lambda: bench.target.sick.add(Revision("web", 2)))
    with pytest.raises(StepFailed, match="web-2-1 failed"):
        step.do(bench.world)


def test_one_that_turns_unready_ends_it(bench: Bench) -> None:
    bench.at(10, lambda: setattr(bench.target, "ready_after_s", 1000))
    with pytest.raises(StepFailed, match="web@2: 0 of 2 ready"):
        OBSERVE.do(bench.world)


@pytest.mark.parametrize(
    ("watched", "said"),
    [({"web": {2: 3}}, "web@2: 2 of 3 ready"), ({"web": {2: 2}, "api": {2: 1}}, "api@2: 0 of 1 ready")],
    ids=["one too few", "another service's do not count"],
)
def test_as_many_must_be_ready_as_are_watched(bench: Bench, watched: Counts, said: str) -> None:
    with pytest.raises(StepFailed, match=said):
        Observe(watched=watched, traffic=NEW, for_s=30).do(bench.world)


def test_what_happens_to_the_old_is_no_word_about_the_new(bench: Bench) -> None:
    bench.at(10, lambda: bench.target.sick.add(Revision("web", 1)))
    assert OBSERVE.do(bench.world).startswith("2 of 2 ready")


def test_restarts_from_before_do_not_count(bench: Bench) -> None:
    bench.target.restarts[Revision("web", 2)] = 2
    assert OBSERVE.do(bench.world).startswith("2 of 2 ready")


def test_traffic_that_was_reverted_meanwhile_ends_the_observation(bench: Bench) -> None:
    bench.at(10, lambda: bench.target.set_traffic((Shift({"web": {1: 100.0}}),)))
    with pytest.raises(StepFailed, match="traffic was reverted automatically"):
        OBSERVE.do(bench.world)


@both
def test_an_observation_that_was_cut_off_starts_from_nothing(step: Observe | Settle, bench: Bench) -> None:
    step.do(bench.world)
    assert step.look(bench.world) is Look.ABSENT
    assert step.undo(bench.world) == "nothing to undo"
