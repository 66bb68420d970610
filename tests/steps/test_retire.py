"""The irreversible steps: retire, stop the environment, remove the data."""

from pathlib import Path

import pytest

from mainstay.drivers.world import RunWorld
from mainstay.errors import StepFailed
from mainstay.model import Shift, Traffic, TrafficLease
from mainstay.steps.remove_data import RemoveData
from mainstay.steps.retire import Retire
from mainstay.steps.step import Look
from mainstay.steps.stop_environment import StopEnvironment
from tests.fakes.clock import TurnableClock
from tests.fakes.target import FakeTarget
from tests.fakes.world import fake_world
from tests.shop import fleet, release

OLD, NEW = fleet(release(1))["web"], fleet(release(2))["web"]
NOW: Traffic = {"web": {2: 100.0}}
STEP = Retire(service="web", leaving=OLD, after=NEW, traffic=(Shift(NOW),))


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def target(clock: TurnableClock) -> FakeTarget:
    target = FakeTarget(clock)
    target.start()
    target.set_fleet({"web": OLD | NEW})
    target.set_traffic((Shift(NOW),), TrafficLease(60, (Shift({"web": {1: 100.0}}),)))
    return target


@pytest.fixture
def world(clock: TurnableClock, target: FakeTarget, tmp_path: Path) -> RunWorld:
    return fake_world(tmp_path, target=target, clock=clock)


def test_the_old_fleet_is_stopped_and_the_lease_on_traffic_ends(world: RunWorld, clock: TurnableClock) -> None:
    assert STEP.do(world) == "web@1 stopped in 0.0 s"
    clock.turn(3600)
    assert world.target.traffic_status().actual == NOW
    assert [one.id for one in world.target.fleet_status().instances] == ["web-2-1", "web-2-2"]


def test_a_long_drain_shows_what_is_left(world: RunWorld, target: FakeTarget) -> None:
    target.in_flight["web@1"] = 1
    shown, recorded = list[str](), list[str]()
    STEP.do(world.with_progress(recorded.append, shown.append))
    assert set(shown) == {"2 instances left, 2 draining"}
    assert recorded == ["2 instances left, 2 draining"] * 2


@pytest.mark.parametrize(
    ("open_requests", "evidence"),
    [
        (1, "web@1 stopped in 30.0 s, 1 request still in flight after the drain of 30 s"),
        (2, "web@1 stopped in 30.0 s, 2 requests still in flight after the drain of 30 s"),
    ],
)
def test_requests_that_are_open_at_the_end_of_the_drain_are_cut_and_counted_and_those_of_others_are_not(
    world: RunWorld, target: FakeTarget, open_requests: int, evidence: str
) -> None:
    target.cut["web@1"] = 5
    target.cut["web@2"] = 7
    target.in_flight["web@1"] = open_requests
    assert STEP.do(world) == evidence
    assert target.cut == {"web@1": 5 + open_requests, "web@2": 7}


def test_an_instance_that_ignores_its_stop_signal_is_reported_as_killed(world: RunWorld, target: FakeTarget) -> None:
    target.killed["web@1"] = 2
    target.point = lambda where: target.killed.update({"web@1": 1}) if where.startswith("amid fleet") else None
    killed = "1 instance killed with SIGKILL because it ignored SIGTERM for 10 s"
    assert STEP.do(world) == f"web@1 stopped in 0.0 s, {killed}"


def test_files_that_ended_instances_had_written_are_reported(world: RunWorld, target: FakeTarget) -> None:
    target.kept_files["web@1"] = 2
    target.point = lambda where: target.kept_files.update({"web@1": 3}) if where.startswith("amid fleet") else None
    assert STEP.do(world) == "web@1 stopped in 0.0 s, 3 written files kept in /kept/web"


def test_counts_that_a_restarted_target_begins_again_are_not_reported(world: RunWorld, target: FakeTarget) -> None:
    target.cut["web@1"] = 5
    target.point = lambda where: target.cut.clear() if where.startswith("amid fleet") else None
    assert STEP.do(world) == "web@1 stopped in 0.0 s"


def test_a_stop_of_everything_names_the_revision_whose_instances_were_killed(
    world: RunWorld, target: FakeTarget
) -> None:
    target.point = lambda where: target.killed.update({"web@1": 2}) if where.startswith("amid stop all") else None
    assert StopEnvironment().do(world) == (
        "4 instances stopped, data kept, 2 instances of web@1 killed with SIGKILL because they ignored SIGTERM for 10 s"
    )


def test_the_old_fleet_stays_until_its_requests_have_ended(
    world: RunWorld, target: FakeTarget, clock: TurnableClock
) -> None:
    seen = []

    def passed() -> None:
        seen.append({one.state for one in target.fleet_status().instances if one.release == 1})
        if clock.monotonic() >= 12:
            target.in_flight.clear()

    target.in_flight["web@1"] = 1
    clock.paused = passed
    assert STEP.do(world).startswith("web@1 stopped in 12.")
    assert seen == [{"draining"}] * len(seen)
    assert target.cut == {}


def test_reverted_traffic_is_moved_again_before_an_instance_stops(world: RunWorld, clock: TurnableClock) -> None:
    clock.turn(61)
    assert world.target.traffic_status().actual == {"web": {1: 100.0}}
    STEP.do(world)
    assert world.target.traffic_status().actual == NOW


def test_look_finds_how_much_is_present(world: RunWorld) -> None:
    assert STEP.look(world) is Look.ABSENT
    world.target.set_fleet({"web": NEW})
    assert STEP.look(world) is Look.ABSENT
    STEP.do(world)
    assert STEP.look(world) is Look.PRESENT
    STEP.do(world)
    assert STEP.look(world) is Look.PRESENT


@pytest.mark.parametrize("step", [STEP, StopEnvironment(), RemoveData()], ids=["retire", "stop", "remove data"])
def test_irreversible_steps_refuse_to_be_undone(step: Retire | StopEnvironment | RemoveData, world: RunWorld) -> None:
    assert not step.reversible
    with pytest.raises(StepFailed, match=r"cannot be started again|cannot be undone|cannot be restored"):
        step.undo(world)


def test_a_stopped_environment_keeps_its_desired_fleets(world: RunWorld) -> None:
    step = StopEnvironment()
    assert step.look(world) is Look.ABSENT
    assert step.do(world) == "4 instances stopped, data kept"
    assert step.look(world) is Look.PRESENT
    assert world.target.fleet_status().wanted == {"web": OLD | NEW}
    step.do(world)
