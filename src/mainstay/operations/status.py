"""`status`: the environment's health, instances, traffic and unfinished run; starts nothing."""

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec.structs import replace

from mainstay.drivers.datastores.datastore import Migratable
from mainstay.errors import Unreachable
from mainstay.history.summary import LiveRelease
from mainstay.model import DatastorePlace, Environment, FleetStatus, Instance, Note, TrafficStatus
from mainstay.model.run_kind import run_kind
from mainstay.operations.context import Context
from mainstay.operations.history import history_of, unfinished_run
from mainstay.operations.shortfall import shortfall
from mainstay.system.disk_space import shortage
from mainstay.system.file_lock import Lock

RunState = Literal["running", "interrupted", "parked"]


class RunStatus(msgspec.Struct, frozen=True):
    """The unfinished run."""

    id: str
    kind: str
    state: RunState
    step: str | None
    title: str
    since: str
    why: str = ""
    next: str = ""


class ServiceStatus(msgspec.Struct, frozen=True):
    """The state of a service. `traffic` is the percentage of requests that each release actually receives.

    A finished task counts as ready.
    """

    name: str
    desired: int
    ready: int
    traffic: dict[int, float]
    instances: tuple[Instance, ...]
    shortfall: int
    """Desired instances that are not ready, without those that an unfinished run has just started."""
    traffic_desired: dict[int, float] = {}
    """The percentage of requests that each release should receive."""


class DatastoreStatus(msgspec.Struct, frozen=True):
    """The state of a datastore."""

    name: str
    kind: str
    state: str
    version: str
    schema: str


Health = Literal["healthy", "degraded", "stopped"]


class Status(msgspec.Struct, frozen=True):
    """The document of `mainstay status`."""

    system: str
    environment: str
    target: str
    url: str
    state: str
    release: LiveRelease | None
    run: RunStatus | None
    services: tuple[ServiceStatus, ...]
    datastores: tuple[DatastoreStatus, ...]
    started: bool
    supervised: bool
    """Whether crashed instances are restarted; false: not until a command starts the supervisor."""
    reverted: bool
    """Whether traffic was reverted automatically, because the deploy stopped sending heartbeats."""
    edge_open: bool = False
    """Whether the edge serves as desired."""
    edge_problem: str = ""
    """The stable code of the problem that prevents the edge from serving; empty if none is known."""
    health: Health = "degraded"
    problems: tuple[Note, ...] = ()
    """Why the environment is degraded, the most severe first; empty while it is healthy or stopped."""
    notes: tuple[Note, ...] = ()
    """What else an operator should know: instances that ended or are not ready, limits without effect."""


def status(context: Context) -> Status:
    """Return the state of the environment. Raises BadInput when nothing was deployed here yet."""
    environment = context.stored()
    past = history_of(context)
    target = context.target(environment)
    running, serving = target.fleet_status(), target.traffic_status()
    run = _run(context)
    stores = {place.name for place in environment.datastores}
    names = {name for name, members in running.wanted.items() if members} | {one.service for one in running.instances}
    found = Status(
        system=environment.system,
        environment=environment.name,
        target=environment.target,
        url=serving.url,
        state=str(context.folders.state),
        release=past.live,
        run=run,
        services=tuple(_service(name, running, serving, in_run=run is not None) for name in sorted(names - stores)),
        datastores=tuple(_datastore(place, environment, context, running, serving) for place in environment.datastores),
        started=running.started,
        supervised=running.supervised,
        reverted=serving.reverted,
        edge_open=serving.open,
        edge_problem=serving.problem.code if serving.problem else "",
        notes=tuple(_notes(running)),
    )
    last = next((run for run in past.runs if run.outcome == "released"), None)
    stopped = not running.started and last is not None and not run_kind(last.kind).needs_running
    why = tuple(problems(found, running.notes, serving, stopped=stopped, full=shortage(context.folders.state)))
    return replace(found, health="degraded" if why else "stopped" if stopped else "healthy", problems=why)


def problems(
    now: Status, notes: tuple[Note, ...], serving: TrafficStatus, *, stopped: bool, full: str = ""
) -> Iterator[Note]:
    """Yield the problems that degrade the environment: lost requests, the unfinished run, then its consequences.

    *notes*: those of the target. *full*: why the disk has no room left; empty if it has room.
    """
    if now.started and serving.problem:
        yield serving.problem
    if now.started and full:
        what = f"{full}, so deploys fail and the output of services is lost"
        yield Note("disk-full", what, f"make room (df -h {now.state})")
    yield from _run_problems(now)
    if now.started and serving.problem is None:
        yield from _edge_problems(now, serving)
    if now.started:
        nothing_to_start = now.release is None and now.run is None
        of_target = (note for note in notes if note.level == "problem")
        yield from (replace(note, remedy="mainstay up") if nothing_to_start else note for note in of_target)
    if now.release is None and not stopped:
        yield Note("no-release", "no release is live", "mainstay status --watch" if now.run else "mainstay up")
    if now.started:
        yield from _missing(now)


def _run_problems(now: Status) -> Iterator[Note]:
    """Yield problems for an unfinished run that no process executes, and for traffic that was therefore reverted."""
    if now.run is not None and now.run.state != "running":
        yield Note("run-unfinished", f"run {now.run.id} ({now.run.kind}) is {now.run.state}", now.run.next)
    if now.started and now.reverted:
        what = "traffic was reverted automatically: the deploy stopped sending heartbeats"
        # A deploy is refused as long as a run is unfinished.
        yield Note("traffic-reverted", what, "mainstay resume, or mainstay abort" if now.run else "mainstay deploy")


def _missing(now: Status) -> Iterator[Note]:
    """Yield problems for services and datastores that do not run as desired."""
    for service in now.services:
        if service.shortfall:
            what = f"{service.ready} of {service.desired} instances of {service.name} are ready"
            yield Note("instances-missing", what, f"mainstay logs {service.name}")
    for store in now.datastores:
        if store.state != "ready":
            yield Note("datastore-down", f"{store.name} is {store.state}", f"mainstay logs {store.name}")


def _edge_problems(now: Status, serving: TrafficStatus) -> Iterator[Note]:
    """Yield what is wrong with the edge: it does not serve yet, or requests reach other releases than desired."""
    at_work = now.run is not None and now.run.state == "running"
    if serving.edge is not None and not serving.open and now.supervised and not at_work:
        yield Note("edge-starting", "the edge is being started or changed", "mainstay logs edge")
        return
    for service in now.services:
        actual, desired = _sharing(service.traffic), _sharing(service.traffic_desired)
        # A run moves traffic step by step, so only a service that receives nothing is a problem then.
        astray = desired and not actual if at_work else desired != actual
        if astray and not service.shortfall:
            releases = f"{_numbered(actual)} instead of {_numbered(desired)}"
            what = f"requests to {service.name} reach {releases}, although its instances are ready"
            yield Note("traffic-astray", what, "mainstay logs edge")


def _sharing(shares: dict[int, float]) -> frozenset[int]:
    return frozenset(release for release, share in shares.items() if share > 0)


def _numbered(releases: frozenset[int]) -> str:
    return "release " + " and ".join(map(str, sorted(releases))) if releases else "no release"


def _notes(running: FleetStatus) -> Iterator[Note]:
    for one in sorted(running.instances, key=lambda one: one.service):
        if one.last_exit and not one.healthy:
            last = f"; its last line: {one.tail[-1]}" if one.tail else ""
            yield Note("instance-ended", f"{one.id} ended: {one.last_exit.how}{last}", "", one.id, "note")
        for reason in one.reasons:
            yield Note("instance-degraded", f"{one.id} is {one.state}: {reason}", "", one.id, "note")
    yield from (note for note in running.notes if note.level == "note")


def _service(name: str, running: FleetStatus, serving: TrafficStatus, *, in_run: bool) -> ServiceStatus:
    """Return a service's status. *in_run*: a run is unfinished; instances that it has just started are not missing."""
    instances = tuple(one for one in running.instances if one.service == name)
    wanted, shares = running.wanted.get(name, {}), serving.actual.get(name, {})
    return ServiceStatus(
        name=name,
        desired=sum(member.count for member in wanted.values()),
        ready=sum(one.healthy for one in instances),
        traffic=shares,
        instances=instances,
        shortfall=shortfall(wanted, shares, instances, in_run=in_run),
        traffic_desired=serving.wanted.get(name, {}),
    )


def _datastore(
    place: DatastorePlace, environment: Environment, context: Context, running: FleetStatus, serving: TrafficStatus
) -> DatastoreStatus:
    state = next((one.state for one in running.instances if one.service == place.name), "stopped")
    version = next((member.version for member in running.wanted.get(place.name, {}).values()), "")
    schema = ""
    store = context.world(environment).datastores[place.name] if state == "ready" else None
    if isinstance(store, Migratable):
        try:
            schema = store.schema(None, serving.listeners.get(place.name, "")).revision
        except Unreachable:
            state = "unready"
    return DatastoreStatus(place.name, place.kind, state, version, schema)


def _run(context: Context) -> RunStatus | None:
    now = unfinished_run(context)
    if now is None:
        return None
    state: RunState = "parked" if now.parked else "interrupted" if Lock(context.folders.lock).is_free() else "running"
    return RunStatus(
        id=now.run,
        kind=now.planned.kind if now.planned else "",
        state=state,
        step=now.current,
        title=now.titles.get(now.current or "", ""),
        since=now.since,
        why=now.parked.why if now.parked else "",
        next=now.parked.remedy if now.parked else ("" if state == "running" else "mainstay resume"),
    )
