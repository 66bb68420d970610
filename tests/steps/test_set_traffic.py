"""Set traffic: it has come about when it is said to, and it goes home when nobody watches."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.errors import StepFailed
from mainstay.release import Edge, Traffic
from mainstay.revision import Revision
from mainstay.steps.set_traffic import SetTraffic
from mainstay.steps.step import Look
from mainstay.world import World
from tests.fakes.clock import TurnableClock
from tests.fakes.target import FakeTarget
from tests.fakes.world import fake_world
from tests.shop import fleet, release

OLD: Traffic = {"api": {1: 100.0}, "web": {1: 100.0}}
NEW: Traffic = {"api": {2: 100.0}, "web": {2: 100.0}}
STEP = SetTraffic(after=NEW, back=OLD)


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def target(clock: TurnableClock) -> FakeTarget:
    found = FakeTarget(clock)
    both = {name: fleet(release(1))[name] | fleet(release(2))[name] for name in ("api", "web")}
    found.wake()
    found.fleet(1, both)
    found.traffic(1, OLD)
    return found


@pytest.fixture
def world(target: FakeTarget, clock: TurnableClock, tmp_path: Path) -> World:
    return fake_world(tmp_path, target=target, clock=clock)


def test_all_services_of_a_stage_move_in_one_batch(world: World, target: FakeTarget) -> None:
    target.effects.clear()
    assert STEP.do(world) == "100 % @2 of api, 100 % @2 of web"
    assert world.target.serving().actual == NEW
    assert [name for name in target.effects if name.startswith("traffic")] == ["traffic api 2:100 web 2:100"]


def test_traffic_goes_home_by_itself_when_nobody_renews(world: World, clock: TurnableClock) -> None:
    STEP.do(world)
    clock.turn(61)
    assert world.target.serving().actual == OLD
    assert STEP.look(world) is Look.ABSENT


def test_how_long_nobody_may_watch_is_what_the_plan_says(world: World, clock: TurnableClock) -> None:
    replace(STEP, unwatched_s=300.0).do(world)
    clock.turn(299)
    assert world.target.serving().actual == NEW
    clock.turn(2)
    assert world.target.serving().actual == OLD


def test_a_first_release_has_nowhere_to_go(world: World, clock: TurnableClock) -> None:
    SetTraffic(after=NEW, back={"api": {}, "web": {}}).do(world)
    clock.turn(3600)
    assert world.target.serving().actual == NEW


def test_how_far_it_has_come_is_found_by_looking(world: World, target: FakeTarget) -> None:
    assert STEP.look(world) is Look.ABSENT
    STEP.do(world)
    assert STEP.look(world) is Look.PRESENT
    target.sick.add(Revision("web", 2))
    assert STEP.look(world) is Look.PARTIAL


def test_it_waits_for_those_that_are_to_serve_and_no_longer_than_it_must(world: World, target: FakeTarget) -> None:
    target.sick.add(Revision("web", 2))
    with pytest.raises(StepFailed, match="100 % @2 of web did not come about") as late:
        STEP.do(world)
    assert "; web-2-1 is failed: exit code 1; its last lines:\n    it is sick" in late.value.what


@pytest.mark.parametrize("way", ["undo", "withdraw"])
def test_the_way_back_is_the_stage_s_and_needs_no_watcher(way: str, world: World, clock: TurnableClock) -> None:
    canary = SetTraffic(after={"api": {1: 50.0, 2: 50.0}, "web": {1: 50.0, 2: 50.0}}, back=OLD)
    canary.do(world)
    STEP.do(world)
    assert getattr(STEP, way)(world) == "back: api 100 % @1, web 100 % @1"
    assert world.target.serving().actual == OLD
    assert world.target.serving().returns_to is None


def test_withdrawing_to_what_is_not_there_only_lets_go_of_the_new(world: World, target: FakeTarget) -> None:
    STEP.do(world)
    target.sick |= {Revision("api", 1), Revision("web", 1)}
    STEP.withdraw(world)
    assert world.target.serving().actual.get("web", {}) == {}


def test_holding_it_again_takes_traffic_back_from_home(world: World, clock: TurnableClock) -> None:
    STEP.do(world)
    clock.turn(61)
    STEP.hold(world)
    assert world.target.serving().actual == NEW


def test_a_broken_edge_is_the_cause_of_traffic_that_does_not_move(world: World, target: FakeTarget) -> None:
    target.edge(1, Edge(http=8080))
    target.edge_trouble = "port 8080 is taken by python3 (pid 812)"
    with pytest.raises(StepFailed, match=r"port 8080 is taken by python3 \(pid 812\)") as failed:
        STEP.do(world)
    assert failed.value.remedy == "stop that program"
