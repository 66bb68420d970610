"""A target in memory: stores each request, applies it at the next call, and counts its effects."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from zlib import crc32

from msgspec.structs import replace

from mainstay.drivers.targets.preparation import Preparation, Presence
from mainstay.drivers.targets.retained import Retained
from mainstay.drivers.targets.target import never
from mainstay.drivers.targets.target_facts import TargetFacts
from mainstay.errors import FenceRefused, PortTaken, StepFailed, Unreachable
from mainstay.judging.flow import route_of
from mainstay.model import (
    Artifact,
    Edge,
    Endings,
    Exit,
    Fleet,
    FleetStatus,
    Instance,
    InstanceState,
    Job,
    JobState,
    Members,
    Note,
    Revision,
    Shares,
    Shifts,
    Source,
    Traffic,
    TrafficLease,
    TrafficStatus,
    Workload,
    end_of,
)
from mainstay.model.endpoint import Endpoint
from mainstay.model.http import EntranceName, HttpRequest, HttpResponse
from mainstay.model.log_lines import RECENT, LogLine, LogQuery, LogSource
from mainstay.model.maintenance import Maintenance
from mainstay.model.signals import PREVIEW, Counts, Signals, SignalSource
from mainstay.system import file_tree
from mainstay.system.clock import Clock
from tests.fakes.clock import TurnableClock

STOPPED_BY_SIGTERM = 143


@dataclass
class Replica:
    """One instance. `leaves_at` is the latest end of its drain; None while it is desired."""

    revision: Revision
    workload: Workload
    began: float
    since: str
    leaves_at: float | None = None


class FakeTarget:
    """A `Target`, and the `RunTarget` of the run with `fence`. A stored request is applied at the next call.

    `for_run` returns another view of the same state, which differs only in its fence.

    `point` is called with "before X", "amid X" (stored, not yet applied) and "after X" (not yet answered) for
    every request X that changes the state, as in "amid fleet web 1=2,2=2". `effects` counts the external
    effects, by name.
    """

    __slots__ = ("__dict__", "fence")

    def __init__(self, clock: Clock | None = None, *, ready_after_s: float = 0, job_takes_s: float = 0) -> None:
        self.fence = 1
        self.clock = clock or TurnableClock()
        self.ready_after_s = ready_after_s
        self.job_takes_s = job_takes_s
        self.answers = True
        self.sick: set[Revision] = set()
        """Never ready."""
        self.unready: set[Revision] = set()
        """Were ready, and now fail their readiness probes."""
        self.prints: dict[str, tuple[str, ...]] = {}
        """Per service, the lines that each of its instances prints when it starts."""
        self.edge_takes_s = 0.0
        """Seconds that a change of the edge takes."""
        self.overwhelmed: set[Revision] = set()
        """Fails as soon as it has traffic."""
        self.breaks: set[str] = set()
        """Requests that fail."""
        self.restarts: dict[Revision, int] = {}
        self.cut: Counter[str] = Counter()
        """Per revision, the requests that drains have cut."""
        self.killed: Counter[str] = Counter()
        """Per revision, the instances that ignored their stop signal."""
        self.kept_files: Counter[str] = Counter()
        """Per revision, the instances whose written files are kept."""
        self.in_flight: Counter[str] = Counter()
        """Per revision, the requests in flight, whatever its traffic. A drain cuts them at its end."""
        self.counts: dict[SignalSource, Counts] = {}
        """What requests have met so far."""
        self.exposed: tuple[Endpoint, ...] = ()
        """Endpoints that nothing declares."""
        self.taken: dict[int, str] = {}
        """The ports of other programs, each with its holder."""
        self.has_data = True
        """Whether services and datastores may have left data that `remove` removes."""
        self.artifacts: dict[str, Presence] = {}
        """How much of each artifact is present, by its key."""
        self.damaged: set[str] = set()
        """Keys of complete artifacts that are damaged."""
        self.artifacts_take_s = 0.0
        """Seconds that the preparation of an artifact takes."""
        self.edge_problem = ""
        """Why the edge cannot serve; empty: it serves."""
        self.edge_problem_code = "port-taken"
        self.perform: Callable[[Job], int] = lambda job: 0
        self.respond: Callable[[HttpRequest, EntranceName], HttpResponse] = self._respond
        self.requests: list[tuple[EntranceName, HttpRequest]] = []
        """What was sent to the doors."""
        self.lines: list[LogLine] = []
        self.effects: Counter[str] = Counter()
        self.point: Callable[[str], None] = lambda where: None
        self.claimed_fence = 0
        self._guard = threading.RLock()
        self._started = False
        self._changed = False
        self._fleet: Fleet = {}
        self._replicas: dict[str, Replica] = {}
        self._lost = False
        self._traffic: Traffic = {}
        self._pending: Shifts = ()
        self._drain: dict[str, float] = {}
        self._shifted = 0.0
        self._undrained: dict[str, int] = {}
        self._lease: TrafficLease | None = None
        self._heartbeat_at = 0.0
        self._reverted = False
        self._preview: dict[str, int] = {}
        self._replaced: dict[str, int] = {}
        self._maintenance: Maintenance | None = None
        self._edge: Edge | None = None
        self._edge_changed = float("-inf")
        self._jobs: dict[str, tuple[Job, float]] = {}
        self._states: dict[str, JobState] = {}
        self._listeners: dict[str, str] = {}

    def for_run(self, fence: int) -> Self:
        view = copy(self)
        view.__dict__ = self.__dict__
        view.fence = fence
        return view

    # requests

    def start(self) -> None:
        self._request("start all", self._set_started, bound=False)

    def stop(self) -> None:
        self._request("stop all", self._set_stopped)

    def claim(self) -> None:
        def store() -> None:
            self.claimed_fence = self.fence

        self._request(f"claim {self.fence}", store)

    def prepare(self, artifact: Artifact, preparation: Preparation) -> str:
        def store() -> None:
            self.effects[f"prepare {artifact.key}"] += self.prepared(artifact, preparation) != "present"
            self.artifacts[artifact.key] = "present"
            self.damaged.discard(artifact.key)

        if self.artifacts_take_s and artifact.key not in self.artifacts:
            self.artifacts[artifact.key] = "partial"
            preparation.waiter.pause_checking(self.artifacts_take_s, lambda: None)
        self._request(f"prepare {artifact.key}", store)
        return f"{preparation.what} prepared"

    def discard(self, artifact: Artifact, preparation: Preparation) -> str:
        def store() -> None:
            if self.artifacts.get(artifact.key) == "partial":
                del self.artifacts[artifact.key]

        self._request(f"discard {artifact.key}", store)
        return "kept for the next deploy" if artifact.key in self.artifacts else "removed"

    def set_fleet(self, wanted: Fleet) -> None:
        what = " ".join(f"{name} {_counted(members)}" for name, members in wanted.items())
        self._request(f"fleet {what}", lambda: self._fleet.update({n: dict(m) for n, m in wanted.items()}))

    def set_traffic(self, shifts: Shifts, lease: TrafficLease | None = None) -> None:
        def store() -> None:
            self._shift(shifts)
            self._lease = lease
            self._heartbeat_at = self.clock.monotonic()
            self._reverted = False
            self._undrained = {}

        self._request(f"traffic {traffic_text(end_of(shifts))}", store)

    def remove(self) -> int:
        def store() -> None:
            self.effects["remove"] += self.has_data
            self.has_data = False
            self.artifacts.clear()
            self.lines.clear()
            self._fleet.clear()
            self._traffic.clear()

        count = int(self.has_data)
        self._request("remove", store)
        return count

    def heartbeat(self) -> None:
        with self._guard:
            self._require_fence()
            self._apply()
            self._heartbeat_at = self.clock.monotonic()

    def set_edge(self, wanted: Edge | None) -> None:
        if wanted is not None:
            self._refuse(_ports(wanted))

        def store() -> None:
            if wanted != self._edge:
                self.effects["edge" if wanted else "no edge"] += 1
                self._edge_changed = self.clock.monotonic()
            self._edge = wanted

        self._request("edge" if wanted else "no edge", store)

    def set_preview(self, releases: Mapping[str, int], replaced: Mapping[str, int] = {}) -> None:
        def store() -> None:
            self._preview, self._replaced = dict(releases), dict(replaced)

        named = " ".join(f"{service}={release}" for service, release in releases.items())
        self._request(f"preview {named}".rstrip(), store)

    def set_maintenance(self, wanted: Maintenance | None) -> None:
        def store() -> None:
            self._maintenance = wanted

        self._request(f"maintenance {'on' if wanted else 'off'}", store, bound=False)

    def require_free_ports(self, wanted: Edge) -> None:
        with self._guard:
            self._require_answer()
            self._refuse(_ports(wanted) - (_ports(self._edge) if self._edge else set()))

    def start_job(self, job: Job) -> None:
        def store() -> None:
            if job.id not in self._jobs:
                self._jobs[job.id] = (job, self.clock.monotonic())
                self.effects[f"job {job.id}"] += 1

        self._request(f"job {job.id}", store)

    def stop_job(self, identity: str) -> None:
        def store() -> None:
            if identity in self._jobs and identity not in self._states:
                self._states[identity] = JobState("ended", STOPPED_BY_SIGTERM)
                self.effects[f"stop job {identity}"] += 1

        self._request(f"stop_job {identity}", store)

    # reads

    def prepared(self, artifact: Artifact, preparation: Preparation) -> Presence:
        with self._guard:
            self._require_answer()
            return "partial" if artifact.key in self.damaged else self.artifacts.get(artifact.key, "absent")

    def job_state(self, identity: str) -> JobState:
        with self._guard:
            self._require_answer()
            self._apply()
            unseen = JobState("running") if identity in self._jobs else JobState("none")
            return self._states.get(identity, unseen)

    def logs(self, service: str, query: LogQuery = RECENT, *, ended: Callable[[], bool] = never) -> Iterator[LogLine]:
        found = [line for line in self.lines if line.service == service and query.release in {None, line.release}]
        yield from [line for line in found if query.instance in {None, line.instance}][-query.lines :]

    def known_services(self) -> dict[str, tuple[LogSource, ...]]:
        found = sorted({(line.service, LogSource(line.instance, line.release)) for line in self.lines})
        return {service: tuple(one for name, one in found if name == service) for service, _ in found}

    def facts(
        self, *, live: Collection[str] = (), sources: Collection[Source] = (), path: str | None = None
    ) -> TargetFacts:
        return TargetFacts(
            sources={each: file_tree.measure(Path(each.folder)) for each in sources},
            python="" if path is None else "/usr/bin/python3",
            uv="/programs/uv",
            prepared=frozenset(key for key, how in self.artifacts.items() if how == "present"),
            damaged=frozenset(self.damaged.intersection(live)),
            volumes="/volumes",
        )

    def prune(self, kept: Retained) -> None:
        known = {service for service, _ in kept.logs}
        gone = [one for one in self.lines if one.service in known and (one.service, one.release) not in kept.logs]
        self.lines = [one for one in self.lines if one not in gone]
        self.artifacts = {key: how for key, how in self.artifacts.items() if key in kept.artifacts}

    def data_left(self) -> Presence:
        return "present" if self.has_data else "absent"

    def fleet_status(self) -> FleetStatus:
        with self._guard:
            self._require_answer()
            self._apply()
            wanted = {service: dict(members) for service, members in self._fleet.items()}
            return FleetStatus(
                wanted,
                self._instances(),
                self._started,
                supervised=not self._lost,
                endings={
                    name: Endings(self.cut[name], self.killed[name], self.kept_files[name])
                    for name in {*self.cut, *self.killed, *self.kept_files}
                },
                kept_in="/kept",
            )

    def signals(self, ago_s: float = 0.0) -> Signals:
        with self._guard:
            self._require_answer()
            return Signals("fake", self.clock.monotonic() - ago_s, () if ago_s else tuple(sorted(self.counts.items())))

    def traffic_status(self) -> TrafficStatus:
        with self._guard:
            self._require_answer()
            self._apply()
            broken = self.edge_problem if self._edge and self._started else ""
            actual = {service: {} if broken else self._actual(service) for service in self._traffic}
            doors = tuple(f"http://127.0.0.1:{port}" for port in _doors(self._edge)) if self._edge else ()
            opened = self.clock.monotonic() - self._edge_changed >= self.edge_takes_s
            wanted = self._traffic | end_of(self._pending)
            return TrafficStatus(
                wanted={service: dict(shares) for service, shares in wanted.items()},
                actual={service: shares for service, shares in actual.items() if shares or not self._started},
                preview=dict(self._preview),
                previewed={
                    service: release
                    for service, release in self._preview.items()
                    if not broken and release in self._ready_releases(service)
                },
                maintenance=self._maintenance,
                maintained=self._maintenance,
                edge=self._edge,
                url=doors[0] if doors else "",
                doors=doors,
                listeners=dict(self._listeners),
                pending=len(self._pending),
                in_flight={name: self.in_flight[name] for name in self._drain} if self._pending else {},
                undrained=dict(self._undrained),
                reverts_to=end_of(self._lease.then) if self._lease else None,
                reverted=self._reverted,
                open=opened and not broken,
                problem=Note(self.edge_problem_code, broken, "stop that program") if broken else None,
            )

    def endpoints(self) -> tuple[Endpoint, ...]:
        with self._guard:
            self._require_answer()
            self._apply()
            if not self._started:
                return ()
            doors = [("front door", "edge", f"127.0.0.1:{port}") for port in _doors(self._edge)] if self._edge else []
            inside = [("internal address", service, address) for service, address in self._listeners.items()]
            instances = [("instance", one.id, one.address) for one in self._instances() if one.address]
            found = (Endpoint(at, "tcp", what, of, "this machine") for what, of, at in [*doors, *inside, *instances])
            return (*self.exposed, *found)

    def send(self, request: HttpRequest, door: EntranceName) -> HttpResponse:
        with self._guard:
            self._require_answer()
            if self._edge is None:
                raise Unreachable("there is no edge")
            self.requests.append((door, request))
        response = self.respond(request, door)
        if door != "front":
            self._count_previewed(request, response)
        return response

    def _count_previewed(self, request: HttpRequest, response: HttpResponse) -> None:
        route, release = route_of(request.path, "", self._edge), dict(response.headers).get("x-mainstay-release")
        if route and release:
            source = SignalSource(route.service, int(release), route=PREVIEW)
            self.counts[source] = self.counts.get(source, Counts()) + Counts(1, int(response.status >= 500))

    def _respond(self, request: HttpRequest, door: EntranceName) -> HttpResponse:
        """Return the response of the service that a request for any path meets: its release, as JSON."""
        status = self.traffic_status()
        route = next((route for route in status.edge.routes if request.path.startswith(route.path)), None)  # type: ignore[union-attr]  # `send` requires it
        if route is None:
            return HttpResponse(404, (), b"", 0.01)
        serving = list(status.actual.get(route.service, {}))
        sides = {"preview": self._preview, "replaced": self._replaced}
        release = sides.get(door, {}).get(route.service)
        release = release if release in self._ready_releases(route.service) else None
        if not (release := release or (serving[0] if serving else None)):
            return HttpResponse(503, (), b"", 0.01)
        headers = (("x-mainstay-release", str(release)), ("content-type", "application/json"))
        return HttpResponse(200, headers, b'{"release": %d}' % release, 0.01)

    # controls for tests

    def lose(self) -> None:
        """Lose every process, and the supervisor that would restart them, until the next request."""
        with self._guard:
            self._lost = True

    def lose_jobs(self) -> None:
        """Lose the outcome of every running job."""
        with self._guard:
            for identity in self._jobs.keys() - self._states.keys():
                self._states[identity] = JobState("lost")

    def _request(self, what: str, store: Callable[[], None], *, bound: bool = True) -> None:
        self.point(f"before {what}")
        if what in self.breaks:
            raise StepFailed(f"{what} was refused")
        with self._guard:
            if bound:
                self._require_fence()
            else:
                self._require_answer()
            self._apply()
            store()
            self._changed, self._lost = True, False
        self.point(f"amid {what}")
        with self._guard:
            self._apply()
        self.point(f"after {what}")

    def _require_answer(self) -> None:
        if not self.answers:
            raise Unreachable("the target does not answer", remedy="mainstay resume")

    def _require_fence(self) -> None:
        self._require_answer()
        if self.fence < self.claimed_fence:
            raise FenceRefused(f"run with fence {self.fence} was overtaken by {self.claimed_fence}")

    def _refuse(self, ports: Collection[int]) -> None:
        for port in sorted(ports):
            if port in self.taken:
                raise PortTaken(f"port {port} is taken by {self.taken[port]}")

    def _set_started(self) -> None:
        self._started = True

    def _set_stopped(self) -> None:
        self._started = False

    def _shift(self, shifts: Shifts) -> None:
        """Apply the first of *shifts*, and each later one once the drained revisions have no request in flight."""
        if not shifts:
            self._pending = ()
            return
        first, *rest = shifts
        self._send(first.traffic)
        self._pending, self._shifted = tuple(rest), self.clock.monotonic()
        self._drain = {
            str(Revision(service, release)): limit
            for service, releases in first.drain_s.items()
            for release, limit in releases.items()
        }

    def _shift_on(self, now: float) -> None:
        while self._pending:
            left = {name: self.in_flight[name] for name in self._drain if self.in_flight[name]}
            if any(now - self._shifted < self._drain[name] for name in left):
                return
            self._undrained |= left
            self._shift(self._pending)

    def _send(self, wanted: Traffic) -> None:
        before = {service: dict(shares) for service, shares in self._traffic.items()}
        self._traffic.update({service: dict(shares) for service, shares in wanted.items()})
        if self._traffic != before:
            self.effects[f"traffic {traffic_text(wanted)}"] += 1

    def _apply(self) -> None:
        now = self.clock.monotonic()
        if self._lease and now - self._heartbeat_at >= self._lease.within_s:
            self._shift(self._lease.then)
            self._lease, self._reverted = None, True
        self._shift_on(now)
        for identity, (job, began) in self._jobs.items():
            if identity not in self._states and now - began >= self.job_takes_s:
                self._states[identity] = JobState("ended", self.perform(job), took_s=now - began)
        if self._changed:
            self._start_and_leave(now)
            self._changed = False
        self._end_drained(now)

    def _start_and_leave(self, now: float) -> None:
        wanted: dict[str, tuple[Revision, Workload]] = {}
        for service, members in self._fleet.items() if self._started else ():
            for release, member in members.items():
                what = (Revision(service, release), member.workload)
                wanted |= {f"{service}-{release}-{n + 1}": what for n in range(member.count)}
                if member.workload.listens and service not in self._listeners:
                    self._listeners[service] = f"127.0.0.1:{20000 + len(self._listeners)}"
        for name, replica in self._replicas.items():
            if name in wanted:
                replica.leaves_at = None
            elif replica.leaves_at is None:
                replica.leaves_at = now + replica.workload.drain_s
        for new in sorted(wanted.keys() - self._replicas.keys()):
            self._start(new, *wanted[new], now)

    def _start(self, name: str, revision: Revision, workload: Workload, now: float) -> None:
        at = self.clock.now().isoformat()
        self._replicas[name] = Replica(revision, workload, now, at)
        self.effects[f"start {name}"] += 1
        printed = self.prints.get(revision.service, ())
        self.lines += [LogLine(at, revision.service, revision.release, name, "out", line) for line in printed]

    def _end_drained(self, now: float) -> None:
        """Remove each draining instance whose requests have ended, or whose drain has."""
        for name, replica in list(self._replicas.items()):
            revision = str(replica.revision)
            if replica.leaves_at is None or (self.in_flight[revision] and now < replica.leaves_at):
                continue
            self.cut += Counter({revision: self.in_flight.pop(revision, 0)})
            del self._replicas[name]
            self.effects[f"stop {name}"] += 1

    def _instances(self) -> tuple[Instance, ...]:
        return tuple(self._instance(name) for name in sorted(self._replicas))

    def _instance(self, name: str) -> Instance:
        replica = self._replicas[name]
        instance = Instance(
            id=name,
            service=replica.revision.service,
            release=replica.revision.release,
            state=self._state(replica),
            since=replica.since,
            pid=1000 + crc32(name.encode()) % 30000,
            address=f"127.0.0.1:{15000 + crc32(name.encode()) % 5000}" if replica.workload.listens else None,
            restarts=self.restarts.get(replica.revision, 0),
        )
        if instance.state == "stopped":
            return replace(instance, pid=None)
        if instance.state != "failed":
            return instance
        return replace(instance, pid=None, last_exit=Exit(replica.since, code=1), tail=("it is sick",))

    def _state(self, replica: Replica) -> InstanceState:
        revision = replica.revision
        serves = self._traffic.get(revision.service, {}).get(revision.release, 0) > 0
        if self._lost:
            return "stopped"
        if replica.leaves_at is not None:
            return "draining"
        if revision in self.sick or (serves and revision in self.overwhelmed):
            return "failed"
        if self.clock.monotonic() - replica.began < self.ready_after_s:
            return "starting"
        return "unready" if revision in self.unready else "ready"

    def _actual(self, service: str) -> Shares:
        ready = self._ready_releases(service)
        shares = {release: part for release, part in self._traffic[service].items() if part and release in ready}
        total = sum(shares.values())
        return {release: part * 100 / total for release, part in shares.items()}

    def _ready_releases(self, service: str) -> set[int]:
        mine = [replica for replica in self._replicas.values() if replica.revision.service == service]
        return {replica.revision.release for replica in mine if self._state(replica) == "ready"}


def _doors(edge: Edge) -> list[int]:
    """Return the ports of an edge, the front door first."""
    first = edge.http or 8080
    return [first, *sorted({route.listen for route in edge.routes} - {0, first})]


def _ports(edge: Edge) -> set[int]:
    return {edge.http, *(route.listen for route in edge.routes)} - {0}


def _counted(members: Members) -> str:
    return ",".join(f"{release}={member.count}" for release, member in sorted(members.items())) or "none"


def traffic_text(traffic: Traffic) -> str:
    """Return `web 2:100` for each service, in one line."""
    return " ".join(
        f"{service} {','.join(f'{release}:{part:g}' for release, part in sorted(shares.items()))}"
        for service, shares in sorted(traffic.items())
    )
