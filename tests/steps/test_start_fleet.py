"""Start a fleet: new instances are ready before the step is done, and undo restores the earlier fleet."""

from pathlib import Path

import pytest

from mainstay.drivers.world import RunWorld
from mainstay.errors import StepFailed
from mainstay.model import Member, Members, Revision
from mainstay.steps.start_fleet import StartFleet
from mainstay.steps.step import Look
from tests.fakes.clock import TurnableClock
from tests.fakes.target import FakeTarget
from tests.fakes.world import fake_world
from tests.shop import workload

OLD: Members = {1: Member(workload("web", "1"), 3, "1")}
NEW: Members = {2: Member(workload("web", "2"), 3, "2")}
BESIDE = StartFleet(service="web", before=OLD, after=OLD | NEW)


@pytest.fixture
def target() -> FakeTarget:
    found = FakeTarget(TurnableClock(), ready_after_s=2.4)
    found.start()
    found.set_fleet({"web": OLD})
    return found


@pytest.fixture
def world(target: FakeTarget, tmp_path: Path) -> RunWorld:
    assert isinstance(target.clock, TurnableClock)
    target.clock.turn(60)
    return fake_world(tmp_path, target=target, clock=target.clock)


def ids(world: RunWorld) -> list[str]:
    return [one.id for one in world.target.fleet_status().instances]


def test_the_new_fleet_becomes_ready_beside_the_old_one(world: RunWorld) -> None:
    assert BESIDE.title == "Start web@2, 3 replicas"
    assert BESIDE.do(world) == "3 of 3 ready after 2.4 s"
    assert ids(world) == ["web-1-1", "web-1-2", "web-1-3", "web-2-1", "web-2-2", "web-2-3"]


def test_do_and_restore_are_idempotent(world: RunWorld, target: FakeTarget) -> None:
    BESIDE.do(world)
    effects = dict(target.effects)
    BESIDE.do(world)
    BESIDE.restore(world)
    assert dict(target.effects) == effects


def test_progress_is_reported_when_it_changes(world: RunWorld) -> None:
    progress: list[str] = []
    BESIDE.do(world.with_progress(progress.append))
    assert progress == ["0 of 3 ready"]


def test_look_finds_how_much_is_present(world: RunWorld) -> None:
    assert BESIDE.look(world) is Look.ABSENT
    world.target.set_fleet({"web": OLD | NEW})
    assert BESIDE.look(world) is Look.PARTIAL
    BESIDE.do(world)
    assert BESIDE.look(world) is Look.PRESENT


@pytest.mark.parametrize("half", [False, True], ids=["after all of it", "after half of it"])
def test_undo_leaves_the_old_fleet_as_it_was(half: bool, world: RunWorld, target: FakeTarget) -> None:
    (target.set_fleet({"web": OLD | NEW}) if half else BESIDE.do(world))
    assert BESIDE.undo(world).startswith("web@1 still runs (3 instances); new instances stopped in ")
    assert ids(world) == ["web-1-1", "web-1-2", "web-1-3"]
    assert target.effects["stop web-1-1"] == 0
    assert BESIDE.look(world) is Look.ABSENT


def test_a_fleet_that_does_not_stay_up_fails_at_once_with_its_exit_code_and_last_lines(
    world: RunWorld, target: FakeTarget
) -> None:
    target.sick.add(Revision("web", 2))
    with pytest.raises(
        StepFailed, match=r"web@2 does not stay up: exit code 1; its last lines:\n    it is sick"
    ) as failed:
        BESIDE.do(world)
    assert failed.value.remedy == "mainstay logs web --release 2"
    assert world.clock.monotonic() < 61


def test_a_slow_fleet_fails_after_its_time_limit_with_numbers(world: RunWorld, target: FakeTarget) -> None:
    target.ready_after_s = 1000
    with pytest.raises(
        StepFailed, match=r"after 32 s waiting for web@2 .*\(within 30 s, steady for 2 s\): 0 of 3 ready"
    ):
        BESIDE.do(world)


def test_a_failure_of_an_old_instance_does_not_fail_the_step(world: RunWorld, target: FakeTarget) -> None:
    target.sick.add(Revision("web", 1))
    assert BESIDE.do(world) == "3 of 3 ready after 2.4 s"


def test_a_step_that_stops_a_fleet_waits_for_its_end_and_undo_starts_it_again(world: RunWorld) -> None:
    step = StartFleet(service="web", before=OLD, after={})
    assert step.title == "Stop web@1, 3 replicas"
    assert step.do(world).startswith("stopped in")
    assert step.look(world) is Look.PRESENT
    assert ids(world) == []
    step.undo(world)
    assert [one.state for one in world.target.fleet_status().instances] == ["ready"] * 3


def test_restore_of_a_stop_does_not_stop_a_later_fleet(world: RunWorld, target: FakeTarget) -> None:
    stop = StartFleet(service="web", before=OLD, after={})
    start = StartFleet(service="web", before={}, after=NEW)
    stop.do(world)
    start.do(world)
    effects = dict(target.effects)
    stop.restore(world)
    start.restore(world)
    assert dict(target.effects) == effects
