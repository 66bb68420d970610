"""The wait for a start: what counts as failed, and on which evidence."""

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from mainstay.errors import MainstayError
from mainstay.history.summary import LiveRelease
from mainstay.model import Exit, FleetStatus, Instance, Member, Workload
from mainstay.operations.start_live import DATASTORE_CRASHES_FOR_S, StartWait
from mainstay.system.clock import Waiter
from tests.fakes.clock import TurnableClock
from tests.fakes.target import FakeTarget
from tests.fakes.world import fake_world

WEB = Member(Workload(service="web", command=("web",), artifact="", folder=""), 1, "1")
DB = Member(replace(WEB.workload, datastore=True), 1, "18")
READY = Instance("web-1-1", "web", 1, "ready", "2026-01-05T12:00:00+00:00")
STARTING = replace(READY, state="starting")
CRASHING = replace(STARTING, early_exits=3, last_exit=Exit("2026-01-05T12:00:00+00:00", code=1))


class Scripted(FakeTarget):
    """Shows one state after the other, and the last one from then on."""

    def __init__(self, states: Iterable[FleetStatus]) -> None:
        super().__init__()
        self._script = list(states)

    def fleet_status(self) -> FleetStatus:
        return self._script.pop(0) if len(self._script) > 1 else self._script[0]


def web(*instances: Instance) -> FleetStatus:
    return FleetStatus({"web": {1: WEB}}, instances, started=True)


def db(instance: Instance) -> FleetStatus:
    return FleetStatus({"db": {1: DB}}, (replace(instance, service="db", id="db-1-1"),), started=True)


def waited(folder: Path, *states: FleetStatus) -> tuple[MainstayError | None, float]:
    clock = TurnableClock()
    world = fake_world(folder, target=Scripted([states[0], *states]), clock=clock)
    wait = StartWait(world, Waiter(clock), LiveRelease(1, "1", ""), thorough=True)
    return wait.until_settled(), clock.monotonic()


def test_a_crash_is_reported_although_the_instance_starts_again_meanwhile(tmp_path: Path) -> None:
    failure, _ = waited(tmp_path, web(CRASHING), web(STARTING))
    assert failure is not None
    assert "web@1 does not stay up: exit code 1" in failure.what


def test_a_surplus_instance_that_crashed_does_not_count(tmp_path: Path) -> None:
    failure, _ = waited(tmp_path, web(replace(CRASHING, id="web-1-2"), READY))
    assert failure is None


def test_a_datastore_may_end_early_for_a_while(tmp_path: Path) -> None:
    failure, _ = waited(tmp_path, db(CRASHING), db(CRASHING), db(READY))
    assert failure is None


def test_a_datastore_that_goes_on_ending_early_is_reported_before_its_time_limit(tmp_path: Path) -> None:
    failure, took_s = waited(tmp_path, db(CRASHING))
    assert failure is not None
    assert DATASTORE_CRASHES_FOR_S <= took_s < DATASTORE_CRASHES_FOR_S + 2


def test_a_datastore_that_the_supervisor_gave_up_is_reported_at_once(tmp_path: Path) -> None:
    failure, took_s = waited(tmp_path, db(replace(CRASHING, state="failed")))
    assert failure is not None
    assert took_s < 1
