"""The process target: requests to the supervisor of this machine, and artifacts in its folders."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeVar

from mainstay.drivers.machine.client import Client, NoReply
from mainstay.drivers.machine.logs import files as logs
from mainstay.drivers.machine.protocol import (
    Accepted,
    Claim,
    FleetAnswer,
    GetFleet,
    GetJob,
    GetSignals,
    GetTraffic,
    JobAnswer,
    LeaseHeartbeat,
    Request,
    SetEdge,
    SetFleet,
    SetMaintenance,
    SetPreview,
    SetShifts,
    SignalsAnswer,
    StartAll,
    StartJob,
    StopAll,
    StopJob,
    TrafficAnswer,
)
from mainstay.drivers.machine.state.store import read_desired
from mainstay.drivers.machine.state.transitions import refuse_older
from mainstay.drivers.targets.preparation import Preparation, Presence
from mainstay.drivers.targets.process.parts import Parts
from mainstay.drivers.targets.retained import Retained
from mainstay.drivers.targets.target import never
from mainstay.drivers.targets.target_facts import TargetFacts
from mainstay.errors import Unreachable
from mainstay.model import (
    Artifact,
    Edge,
    Fleet,
    FleetStatus,
    Job,
    JobState,
    Shifts,
    Source,
    TrafficLease,
    TrafficStatus,
)
from mainstay.model.endpoint import Endpoint
from mainstay.model.http import EntranceName, HttpRequest, HttpResponse
from mainstay.model.log_lines import RECENT, LogLine, LogQuery, LogSource
from mainstay.model.maintenance import Maintenance
from mainstay.model.signals import Signals
from mainstay.system.folder_content import children
from mainstay.system.state_dir import Folders

A = TypeVar("A", JobAnswer, FleetAnswer, TrafficAnswer, SignalsAnswer)


class ProcessTarget:
    """Sends requests to the supervisor of the environment in *folders*.

    Requests that change something start the supervisor if it is not running. Reads never start it: without it, they
    use `offline` of *parts*, and `signals` raises Unreachable.
    """

    def __init__(self, folders: Folders, parts: Parts) -> None:
        self._folders = folders
        self._client = Client(folders)
        self._parts = parts

    def for_run(self, fence: int) -> "ProcessRunTarget":
        return ProcessRunTarget(self._folders, self._parts, fence)

    def prepared(self, artifact: Artifact, preparation: Preparation) -> Presence:
        return self._parts.storage().prepared(artifact, preparation, self)

    def start(self) -> None:
        self._request(StartAll())

    def set_maintenance(self, wanted: Maintenance | None) -> None:
        self._request(SetMaintenance(wanted))

    def require_free_ports(self, wanted: Edge) -> None:
        self._parts.offline().require_free_ports(wanted, self.traffic_status().doors)

    def job_state(self, identity: str) -> JobState:
        answer = self._read(GetJob(identity), JobAnswer)
        return answer.state if answer else self._parts.offline().job_state(self._folders, identity)

    def fleet_status(self) -> FleetStatus:
        answer = self._read(GetFleet(), FleetAnswer)
        return answer.running if answer else self._parts.offline().fleet_status(self._folders)

    def traffic_status(self) -> TrafficStatus:
        answer = self._read(GetTraffic(), TrafficAnswer)
        return answer.serving if answer else self._parts.offline().traffic_status(self._folders)

    def endpoints(self) -> tuple[Endpoint, ...]:
        return self._parts.endpoints()(self._folders)

    def send(self, request: HttpRequest, door: EntranceName) -> HttpResponse:
        return self._parts.requests().send_to_door(request, door, self.traffic_status(), self._folders)

    def signals(self, ago_s: float = 0.0) -> Signals:
        answer = self._read(GetSignals(ago_s), SignalsAnswer)
        if answer is None:
            raise Unreachable("the supervisor is not running, so requests are not counted", remedy="mainstay start")
        return answer.signals

    def logs(self, service: str, query: LogQuery = RECENT, *, ended: Callable[[], bool] = never) -> Iterator[LogLine]:
        found = logs.Logs(self._folders.logs / service, logs.Query(query.release, query.instance))
        try:
            for line in found.last(query.lines, with_rest=not query.follow):
                yield _log_line(service, line)
            for new in found.follow(ended) if query.follow else ():
                yield _log_line(service, new)
        finally:
            found.close()

    def known_services(self) -> dict[str, tuple[LogSource, ...]]:
        folders = sorted(path for path in children(self._folders.logs) if path.is_dir())
        return {folder.name: tuple(LogSource(*each) for each in sorted(logs.instances(folder))) for folder in folders}

    def facts(
        self, *, live: Collection[str] = (), sources: Collection[Source] = (), path: str | None = None
    ) -> TargetFacts:
        return self._parts.storage().facts(live, sources, path)

    def prune(self, kept: Retained) -> None:
        self._parts.storage().prune(kept)

    def data_left(self) -> Presence:
        return self._parts.storage().data_left()

    def _read(self, request: Request, expected: type[A]) -> A | None:
        """Return the supervisor's answer to *request*; None when it does not answer."""
        try:
            answer = self._client.send(request)
        except NoReply:
            return None
        if isinstance(answer, expected):
            return answer
        raise _unexpected(answer)

    def _request(self, request: Request) -> None:
        answer = self._client.send_or_start(request)
        if not isinstance(answer, Accepted):
            raise _unexpected(answer)


class ProcessRunTarget(ProcessTarget):
    """The process target for one run, which sends *fence*, a number that grows with each run, in its requests."""

    def __init__(self, folders: Folders, parts: Parts, fence: int) -> None:
        super().__init__(folders, parts)
        self._fence = fence

    def claim(self) -> None:
        self._request(Claim(self._fence))

    def stop(self) -> None:
        self._request(StopAll(self._fence))

    def prepare(self, artifact: Artifact, preparation: Preparation) -> str:
        self._refuse_older()
        return self._parts.storage().prepare(artifact, preparation, self)

    def discard(self, artifact: Artifact, preparation: Preparation) -> str:
        self._refuse_older()
        return self._parts.storage().discard(artifact, preparation, self)

    def remove(self) -> int:
        self._refuse_older()
        return self._parts.storage().remove()

    def set_fleet(self, wanted: Fleet) -> None:
        self._request(SetFleet(self._fence, wanted))

    def set_traffic(self, shifts: Shifts, lease: TrafficLease | None = None) -> None:
        self._request(SetShifts(self._fence, shifts, lease))

    def heartbeat(self) -> None:
        self._request(LeaseHeartbeat(self._fence))

    def set_edge(self, wanted: Edge | None) -> None:
        self._request(SetEdge(self._fence, wanted))

    def set_preview(self, releases: Mapping[str, int], replaced: Mapping[str, int] = {}) -> None:
        self._request(SetPreview(self._fence, dict(releases), dict(replaced)))

    def start_job(self, job: Job) -> None:
        self._request(StartJob(self._fence, job))

    def stop_job(self, identity: str) -> None:
        self._request(StopJob(self._fence, identity))

    def _refuse_older(self) -> None:
        """Raise FenceRefused when a newer run has claimed the target: the supervisor's file contains every claim."""
        refuse_older(read_desired(self._folders.desired), self._fence)


def _log_line(service: str, one: logs.LoggedLine) -> LogLine:
    return LogLine(logs.moment(one.at), service, one.release, one.instance, one.stream, one.line)


def _unexpected(answer: object) -> Unreachable:
    return Unreachable(f"unexpected reply from the supervisor: {type(answer).__name__}", remedy="mainstay status")
