"""`status`: report the environment's health, instances, traffic and unfinished run, and start nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from mainstay.drivers.datastores.datastore import Migratable
from mainstay.errors import Unreachable
from mainstay.history.summary import History
from mainstay.model import DatastorePlace, Environment, FleetStatus, Note, TrafficStatus
from mainstay.model.run_kind import run_kind
from mainstay.operations.context import Context
from mainstay.operations.history import history_of, unfinished_run
from mainstay.operations.request_rates import request_rates
from mainstay.operations.shortfall import shortfall
from mainstay.operations.status_document import DatastoreStatus, RunState, RunStatus, ServiceStatus, Status
from mainstay.operations.status_problems import problems
from mainstay.system.disk_space import shortage
from mainstay.system.file_lock import Lock
from mainstay.text.first_line import first_line


def status(context: Context) -> Status:
    """Return the state of the environment. Raises BadInput when nothing was deployed here yet."""
    environment = context.stored()
    past = history_of(context)
    target = context.target(environment)
    running, serving = target.fleet_status(), target.traffic_status()
    run = _run(context)
    stores = {place.name for place in environment.datastores}
    requests, lost = request_rates(target)
    names = {name for name, members in running.wanted.items() if members} | {one.service for one in running.instances}
    found = Status(
        system=environment.system,
        environment=environment.name,
        target=environment.target,
        url=serving.url,
        public_url=serving.public_url,
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
        certificates=serving.certificates,
        requests=requests,
        requests_not_counted=lost,
        notes=(*last_undone(past), *_maintenance(serving), *_notes(running)),
    )
    last = next((run for run in past.runs if run.outcome == "released"), None)
    stopped = not running.started and last is not None and not run_kind(last.kind).needs_running
    why = tuple(problems(found, running.notes, serving, stopped=stopped, full=shortage(context.folders.state)))
    return replace(found, health="degraded" if why else "stopped" if stopped else "healthy", problems=why)


def last_undone(past: History) -> Iterator[Note]:
    """Yield a note if the last run was rolled back."""
    last = past.runs[0] if past.runs else None
    if last is not None and last.outcome == "undone":
        at = datetime.fromisoformat(last.began) + timedelta(seconds=last.took_s)
        what = f"last run {last.run} was rolled back at {at:%Y-%m-%d %H:%M:%S}: {first_line(last.why)}"
        yield Note("last-run-undone", what, "mainstay history", level="note")


def _maintenance(serving: TrafficStatus) -> Iterator[Note]:
    if on := serving.maintenance:
        passes = f"except those in {', '.join(on.allow)} " if on.allow else ""
        what = f"maintenance is on since {on.since} by {on.by}: clients {passes}get 503"
        yield Note("maintenance", what, "mainstay maintenance off", level="note")


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
        progress=now.progress if state == "running" else "",
    )
