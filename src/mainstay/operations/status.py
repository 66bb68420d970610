"""`status`: what runs, who serves, and where a run stands; read from what is there, waking nothing."""

from typing import Literal

import msgspec

from mainstay.errors import Unreachable
from mainstay.lock import Lock
from mainstay.operations.context import Context
from mainstay.operations.history import recorded, story
from mainstay.operations.missed import missed
from mainstay.record import Record, Serves
from mainstay.release import DatastorePlace, Environment, Instance, Running, Serving
from mainstay.standing import standing


class RunStatus(msgspec.Struct, frozen=True):
    """The run that is not over."""

    id: str
    kind: str
    state: Literal["running", "interrupted", "parked"]
    step: str | None
    title: str
    since: str
    why: str = ""
    next: str = ""


class ServiceStatus(msgspec.Struct, frozen=True):
    """A service now. `traffic` is what really goes to each release, in percent."""

    name: str
    desired: int
    ready: int
    traffic: dict[int, float]
    instances: tuple[Instance, ...]
    missed: int
    """How many are less than desired; while a run goes on, those that it has just begun to start are awaited."""


class DatastoreStatus(msgspec.Struct, frozen=True):
    """A datastore now."""

    name: str
    kind: str
    state: str
    version: str
    schema: str


class Status(msgspec.Struct, frozen=True):
    """The document of the contract, section 7."""

    system: str
    environment: str
    target: str
    url: str
    state: str
    release: Serves | None
    run: RunStatus | None
    services: tuple[ServiceStatus, ...]
    datastores: tuple[DatastoreStatus, ...]
    awake: bool
    guarded: bool
    """False: nothing starts again what ends, until the next command that acts."""
    guarded_by: str
    unlimited: bool
    """A service has a limit of processors, and the machine lets us set none."""
    returned: bool
    """Traffic went home by itself, because the run that watched was not heard."""

    @property
    def well(self) -> bool:
        """Nothing is less than desired, and no run waits for anybody."""
        short = any(service.missed for service in self.services)
        ill = any(store.state != "ready" for store in self.datastores)
        waits = self.run is not None and self.run.state != "running"
        return self.release is not None and self.awake and not (short or ill or waits or self.returned)


def status(context: Context) -> Status:
    """How the environment stands. Raises BadInput when nothing was ever shipped here."""
    environment = context.kept()
    past = recorded(context)
    target = context.wiring.target(environment, context.folders)
    running, serving = target.running(), target.serving()
    run = _run(context, past)
    carried = run is not None and run.state == "running"
    stores = {place.name for place in environment.datastores}
    return Status(
        system=environment.system,
        environment=environment.name,
        target=environment.target,
        url=serving.url,
        state=context.state,
        release=past.serving,
        run=run,
        services=tuple(
            _service(name, running, serving, carried=carried) for name in sorted(_names(running)) if name not in stores
        ),
        datastores=tuple(_datastore(place, environment, context, running, serving) for place in environment.datastores),
        awake=running.awake,
        guarded=running.answers,
        guarded_by=running.guarded_by,
        unlimited=not running.processors_held and _limits_processors(running),
        returned=serving.returned,
    )


def _limits_processors(running: Running) -> bool:
    members = (member for of in running.wanted.values() for member in of.values())
    return any(member.spec.cpus is not None for member in members)


def _names(running: Running) -> set[str]:
    return {name for name, members in running.wanted.items() if members} | {one.service for one in running.instances}


def _service(name: str, running: Running, serving: Serving, *, carried: bool) -> ServiceStatus:
    instances = tuple(one for one in running.instances if one.service == name)
    wanted, shares = running.wanted.get(name, {}), serving.actual.get(name, {})
    return ServiceStatus(
        name=name,
        desired=sum(member.count for member in wanted.values()),
        ready=sum(one.state == "ready" for one in instances),
        traffic=shares,
        instances=instances,
        missed=missed(wanted, shares, instances, carried=carried),
    )


def _datastore(
    place: DatastorePlace, environment: Environment, context: Context, running: Running, serving: Serving
) -> DatastoreStatus:
    state = next((one.state for one in running.instances if one.service == place.name), "stopped")
    version = next((member.version for member in running.wanted.get(place.name, {}).values()), "")
    schema = ""
    if state == "ready":
        store = context.wiring.world(environment, context.folders).datastores[place.name]
        try:
            schema = store.schema(None, serving.listeners.get(place.name, "")).revision
        except Unreachable:
            state = "unready"
    return DatastoreStatus(place.name, place.kind, state, version, schema)


def _run(context: Context, past: Record) -> RunStatus | None:
    if past.unfinished is None:
        return None
    now = standing(story(context).rows(past.unfinished))
    state: Literal["running", "interrupted", "parked"] = "interrupted"
    if now.parked is not None:
        state = "parked"
    elif not Lock(context.folders.lock).free():
        state = "running"
    return RunStatus(
        id=past.unfinished,
        kind=now.planned.kind if now.planned else "",
        state=state,
        step=now.current,
        title=now.titles.get(now.current or "", ""),
        since=now.since,
        why=now.parked.why if now.parked else "",
        next=now.parked.remedy if now.parked else ("" if state == "running" else "mainstay resume"),
    )
