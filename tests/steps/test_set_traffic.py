"""Set traffic: in effect when the step is done, in the order of its shifts, and reverted without heartbeats."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.drivers.world import RunWorld
from mainstay.errors import StepFailed
from mainstay.model import Edge, Revision, Shift, Traffic
from mainstay.steps.set_traffic import SetTraffic
from mainstay.steps.step import Look
from tests.fakes.clock import TurnableClock
from tests.fakes.target import FakeTarget
from tests.fakes.world import fake_world
from tests.shop import fleet, release

OLD: Traffic = {"api": {1: 100.0}, "web": {1: 100.0}}
NEW: Traffic = {"api": {2: 100.0}, "web": {2: 100.0}}
CALLERS_FIRST = (Shift({"web": {1: 100.0}}, {"web": {2: 5.0}}), Shift({"api": {1: 100.0}}))
"""A rollback, in which web@2 may take 5 s to finish its requests."""
STEP = SetTraffic(after=(Shift(NEW),), revert_to=(Shift(OLD),))


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def target(clock: TurnableClock) -> FakeTarget:
    found = FakeTarget(clock)
    both = {name: fleet(release(1))[name] | fleet(release(2))[name] for name in ("api", "web")}
    found.start()
    found.set_fleet(both)
    found.set_traffic((Shift(OLD),))
    return found


@pytest.fixture
def world(target: FakeTarget, clock: TurnableClock, tmp_path: Path) -> RunWorld:
    return fake_world(tmp_path, target=target, clock=clock)


def test_services_of_one_shift_move_in_one_batch(world: RunWorld, target: FakeTarget) -> None:
    target.effects.clear()
    assert STEP.do(world) == ""
    assert world.target.traffic_status().actual == NEW
    assert [name for name in target.effects if name.startswith("traffic")] == ["traffic api 2:100 web 2:100"]


def test_traffic_is_reverted_automatically_without_heartbeats(world: RunWorld, clock: TurnableClock) -> None:
    STEP.do(world)
    clock.turn(61)
    assert world.target.traffic_status().actual == OLD
    assert STEP.look(world) is Look.ABSENT


def test_the_timeout_of_the_lease_is_that_of_the_plan(world: RunWorld, clock: TurnableClock) -> None:
    replace(STEP, revert_after_s=300.0).do(world)
    clock.turn(299)
    assert world.target.traffic_status().actual == NEW
    clock.turn(2)
    assert world.target.traffic_status().actual == OLD


def test_a_first_release_has_no_lease(world: RunWorld, clock: TurnableClock) -> None:
    SetTraffic(after=(Shift(NEW),), revert_to=(Shift({"api": {}, "web": {}}),)).do(world)
    clock.turn(3600)
    assert world.target.traffic_status().actual == NEW


def test_look_finds_how_much_is_present(world: RunWorld, target: FakeTarget) -> None:
    assert STEP.look(world) is Look.ABSENT
    STEP.do(world)
    assert STEP.look(world) is Look.PRESENT
    target.sick.add(Revision("web", 2))
    assert STEP.look(world) is Look.PARTIAL


def test_a_failed_instance_ends_the_wait_for_traffic_with_its_last_lines(world: RunWorld, target: FakeTarget) -> None:
    target.sick.add(Revision("web", 2))
    with pytest.raises(StepFailed, match="web 100 % @2") as late:
        STEP.do(world)
    assert "; web-2-1 is failed: exit code 1; its last lines:\n    it is sick" in late.value.what


@pytest.mark.parametrize("way", ["undo", "revert_traffic"])
def test_undo_and_revert_traffic_need_no_lease(way: str, world: RunWorld, clock: TurnableClock) -> None:
    canary = replace(STEP, after=(Shift({"api": {1: 50.0, 2: 50.0}, "web": {1: 50.0, 2: 50.0}}),))
    canary.do(world)
    STEP.do(world)
    assert getattr(STEP, way)(world) == "back to api 100 % @1, web 100 % @1"
    assert world.target.traffic_status().actual == OLD
    assert world.target.traffic_status().reverts_to is None


def test_an_undo_does_not_wait_for_a_release_that_crashed_before_the_run_began(
    world: RunWorld, target: FakeTarget, clock: TurnableClock
) -> None:
    target.sick |= {Revision("api", 1), Revision("web", 1)}
    STEP.do(world)
    began = clock.monotonic()
    assert STEP.undo(world) == "back to api 100 % @1, web 100 % @1"
    assert clock.monotonic() - began < 1
    assert world.target.traffic_status().wanted == OLD


def test_an_undo_waits_for_a_release_with_a_slow_service(world: RunWorld, target: FakeTarget) -> None:
    target.sick.add(Revision("api", 1))
    STEP.do(world)
    target.unready.add(Revision("web", 1))
    with pytest.raises(StepFailed, match="timed out after 30 s waiting for traffic"):
        STEP.undo(world)


def test_revert_traffic_takes_it_from_the_new_release_if_the_old_one_is_down(
    world: RunWorld, target: FakeTarget
) -> None:
    STEP.do(world)
    target.sick |= {Revision("api", 1), Revision("web", 1)}
    STEP.revert_traffic(world)
    assert world.target.traffic_status().actual.get("web", {}) == {}


def test_restore_moves_reverted_traffic_again(world: RunWorld, clock: TurnableClock) -> None:
    STEP.do(world)
    clock.turn(61)
    STEP.restore(world)
    assert world.target.traffic_status().actual == NEW


def test_a_broken_edge_is_the_cause_of_traffic_that_does_not_move(world: RunWorld, target: FakeTarget) -> None:
    target.set_edge(Edge(http=8080))
    target.edge_problem = "port 8080 is taken by python3 (pid 812)"
    with pytest.raises(StepFailed, match=r"port 8080 is taken by python3 \(pid 812\)") as failed:
        STEP.do(world)
    assert failed.value.remedy == "stop that program"


def test_a_callee_moves_once_its_caller_has_no_request_in_flight(
    world: RunWorld, target: FakeTarget, clock: TurnableClock
) -> None:
    STEP.do(world)
    target.effects.clear()
    target.in_flight["web@2"] = 3
    progress, shown = list[str](), list[str]()
    clock.paused = _ends(target, clock, "web@2", after=0.4)
    done = replace(STEP, after=CALLERS_FIRST).do(world.with_progress(progress.append, shown.append))
    assert done == "web@2 had no request left after 0.4 s"
    assert progress == ["waiting for 3 requests in flight of web@2"]
    assert set(shown) == set(progress)
    assert [name for name in target.effects if name.startswith("traffic")] == ["traffic web 1:100", "traffic api 1:100"]
    assert world.target.traffic_status().actual == OLD


def test_a_request_that_outlasts_its_drain_is_not_waited_for_and_counted(
    world: RunWorld, target: FakeTarget, clock: TurnableClock
) -> None:
    STEP.do(world)
    target.in_flight["web@2"] = 1
    done = replace(STEP, after=CALLERS_FIRST).do(world)
    assert done == "1 request in flight of web@2 outlasted its drain"
    assert 5.0 <= clock.monotonic() < 6.0


@pytest.mark.parametrize("way", ["undo", "revert_traffic", "without a heartbeat"])
def test_every_revert_drains_the_callers_first(
    way: str, world: RunWorld, target: FakeTarget, clock: TurnableClock
) -> None:
    step = replace(STEP, revert_to=CALLERS_FIRST)
    step.do(world)
    target.in_flight["web@2"] = 1
    seen: list[Traffic] = []
    clock.paused = lambda: seen.append(world.target.traffic_status().actual)
    if way == "without a heartbeat":
        clock.turn(61)
        seen.append(world.target.traffic_status().actual)
        clock.turn(5)
    else:
        getattr(step, way)(world)
    assert seen[0] == {"api": {2: 100.0}, "web": {1: 100.0}}
    assert world.target.traffic_status().actual == OLD


def test_look_is_partial_during_a_drain(world: RunWorld, target: FakeTarget) -> None:
    STEP.do(world)
    target.in_flight["web@2"] = 1
    world.target.set_traffic(CALLERS_FIRST)
    assert replace(STEP, after=CALLERS_FIRST).look(world) is Look.PARTIAL


def _ends(target: FakeTarget, clock: TurnableClock, revision: str, *, after: float) -> Callable[[], None]:
    def end() -> None:
        if clock.monotonic() >= after:
            target.in_flight[revision] = 0

    return end
