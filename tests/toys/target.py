"""A toy target: it runs nothing, keeps what was requested in a file, and reports it as reached."""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from mainstay.drivers.targets.preparation import Preparation, Presence
from mainstay.drivers.targets.retained import Retained
from mainstay.drivers.targets.target import TargetDriver, never
from mainstay.drivers.targets.target_facts import TargetFacts
from mainstay.errors import FenceRefused
from mainstay.model import (
    Artifact,
    Edge,
    Environment,
    Fleet,
    FleetStatus,
    Instance,
    Job,
    JobState,
    Shifts,
    Source,
    Traffic,
    TrafficLease,
    TrafficStatus,
    end_of,
)
from mainstay.model.endpoint import Endpoint
from mainstay.model.http import EntranceName, HttpRequest, HttpResponse
from mainstay.model.log_lines import RECENT, LogLine, LogQuery, LogSource
from mainstay.model.maintenance import Maintenance
from mainstay.model.signals import Signals
from mainstay.system import file_tree
from mainstay.system.atomic_file import atomic_write
from mainstay.system.state_dir import Folders


class Desired(msgspec.Struct, frozen=True):
    """Everything that was requested."""

    started: bool = False
    fence: int = 0
    fleet: Fleet = {}
    traffic: Traffic = {}
    edge: Edge | None = None
    artifacts: frozenset[str] = frozenset()
    jobs: frozenset[str] = frozenset()


class ToyTarget:
    """A target whose requests are reached at once."""

    def __init__(self, environment: Environment, folders: Folders) -> None:
        self._file = folders.state / "toy-target.json"

    def for_run(self, fence: int) -> "ToyRunTarget":
        return ToyRunTarget(self._file, fence)

    def start(self) -> None:
        self._keep(replace(self._desired(), started=True))

    def prepared(self, artifact: Artifact, preparation: Preparation) -> Presence:
        return "present" if artifact.key in self._desired().artifacts else "absent"

    def set_maintenance(self, wanted: Maintenance | None) -> None:
        """Ignore it: the toy has no front door."""

    def require_free_ports(self, wanted: Edge) -> None:
        """Accept every port: the toy opens none."""

    def job_state(self, identity: str) -> JobState:
        return JobState("ended", 0) if identity in self._desired().jobs else JobState("none")

    def logs(self, service: str, query: LogQuery = RECENT, *, ended: Callable[[], bool] = never) -> Iterator[LogLine]:
        return iter(())

    def known_services(self) -> dict[str, tuple[LogSource, ...]]:
        return {}

    def facts(
        self, *, live: Collection[str] = (), sources: Collection[Source] = (), path: str | None = None
    ) -> TargetFacts:
        measured = {each: file_tree.measure(Path(each.folder)) for each in sources}
        return TargetFacts(sources=measured, prepared=self._desired().artifacts, volumes="/volumes")

    def prune(self, kept: Retained) -> None:
        self._keep(replace(self._desired(), artifacts=self._desired().artifacts & kept.artifacts))

    def data_left(self) -> Presence:
        return "present" if self._file.exists() else "absent"

    def fleet_status(self) -> FleetStatus:
        now = self._desired()
        instances = (
            Instance(f"{service}-{release}-{number}", service, release, "ready", "2026-01-01T00:00:00+00:00")
            for service, members in now.fleet.items()
            for release, member in members.items()
            for number in range(member.count)
        )
        return FleetStatus(now.fleet, tuple(instances) if now.started else (), now.started)

    def endpoints(self) -> tuple[Endpoint, ...]:
        return ()

    def signals(self, ago_s: float = 0.0) -> Signals:
        return Signals("toy", 0.0)

    def send(self, request: HttpRequest, door: EntranceName) -> HttpResponse:
        raise NotImplementedError

    def traffic_status(self) -> TrafficStatus:
        now = self._desired()
        return TrafficStatus(now.traffic, now.traffic, edge=now.edge, url="toy://door" if now.edge else "", open=True)

    def _desired(self) -> Desired:
        return msgspec.json.decode(self._file.read_bytes(), type=Desired) if self._file.exists() else Desired()

    def _keep(self, wanted: Desired) -> None:
        atomic_write(self._file, msgspec.json.encode(wanted))


class ToyRunTarget(ToyTarget):
    """The toy target for the run with a fence."""

    def __init__(self, file: Path, fence: int) -> None:
        self._file = file
        self._fence = fence

    def claim(self) -> None:
        self._request(fence=self._fence)

    def stop(self) -> None:
        self._request(started=False)

    def prepare(self, artifact: Artifact, preparation: Preparation) -> str:
        self._request(artifacts=self._desired().artifacts | {artifact.key})
        return f"{preparation.what} prepared"

    def discard(self, artifact: Artifact, preparation: Preparation) -> str:
        self._request()
        return "kept for the next deploy"

    def set_fleet(self, wanted: Fleet) -> None:
        self._request(fleet=self._desired().fleet | wanted)

    def set_traffic(self, shifts: Shifts, lease: TrafficLease | None = None) -> None:
        self._request(traffic=self._desired().traffic | end_of(shifts))

    def remove(self) -> int:
        self._request()
        self._file.unlink(missing_ok=True)
        return 1

    def heartbeat(self) -> None:
        """Do nothing: the toy has no lease on traffic."""

    def set_edge(self, wanted: Edge | None) -> None:
        self._request(edge=wanted)

    def set_preview(self, releases: Mapping[str, int], replaced: Mapping[str, int] = {}) -> None:
        raise NotImplementedError

    def start_job(self, job: Job) -> None:
        self._request(jobs=self._desired().jobs | {job.id})

    def stop_job(self, identity: str) -> None:
        """Do nothing: a job of the toy has ended when it is started."""

    def _request(self, **changes: object) -> None:
        now = self._desired()
        if now.fence > self._fence:
            raise FenceRefused("a newer run has claimed the toy target")
        self._keep(replace(now, **changes))


DRIVER: TargetDriver = ToyTarget
