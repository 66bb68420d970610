"""Desired states and runtimes for the tests of pure decisions."""

from msgspec.structs import replace

from mainstay.drivers.machine.protocol import SetFleet
from mainstay.drivers.machine.state.decide import Action, decide
from mainstay.drivers.machine.state.desired import Desired
from mainstay.drivers.machine.state.lifecycle import Record, Runtime
from mainstay.drivers.machine.state.placement import with_instances
from mainstay.drivers.machine.state.transitions import after
from mainstay.model import Health, Member, Workload
from mainstay.system.processes import ProcessId

WEB = Workload("web", ("serve",), steady_s=10, drain_s=30, stop_grace_s=5, health=Health("http", within_s=30))
WORKER = Workload("worker", ("work",), listens=False, steady_s=10)
TASK = replace(WORKER, restart="on-failure")
STORE = Workload("db", ("keep",), datastore=True)
PROCESS = ProcessId("boot", 7, 100)
STEADY = Runtime(record=Record(steady=True), process=PROCESS, answers=True, good_since=0)
NO_INSTANCE: frozenset[str] = frozenset()


def desired_fleet(*revisions: tuple[int, int, Workload], **fields: object) -> Desired:
    """The desired state with each (release, count, workload)."""
    fleet: dict[str, dict[int, Member]] = {}
    for release, count, workload in revisions:
        fleet.setdefault(workload.service, {})[release] = Member(workload, count, "1")
    return Desired(fleet=fleet, **fields)  # type: ignore[arg-type]  # checked by name


def placed_fleet(*revisions: tuple[int, int, Workload], **fields: object) -> Desired:
    """The desired state with each (release, count, workload) and its instances."""
    return with_instances(desired_fleet(*revisions, **fields), NO_INSTANCE)


def next_fleet(desired: Desired, *revisions: tuple[int, int, Workload], ready: frozenset[str] = NO_INSTANCE) -> Desired:
    """Return *desired* after a request for each (release, count, workload), with its instances."""
    return with_instances(after(desired, SetFleet(0, desired_fleet(*revisions).fleet), "boot", 0), ready)


def with_addresses(desired: Desired) -> Desired:
    instances = {name: replace(one, port=1000, slot=1) for name, one in desired.instances.items()}
    return replace(desired, instances=instances)


def decide_one(
    desired: Desired, runtime: Runtime, connections: int | None, now: float
) -> tuple[Runtime, tuple[Action, ...]]:
    """Decide for the only instance of *desired*: return its changed runtime and the actions."""
    (name,) = desired.instances
    counted = {} if connections is None else {name: connections}
    decided = decide(desired, {name: runtime}, counted, NO_INSTANCE, now)
    return decided.runtimes[name], decided.actions
