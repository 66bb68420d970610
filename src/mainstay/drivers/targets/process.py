"""The default target: plain processes on this machine, run by the supervisor, without Docker."""

from collections.abc import Callable, Iterator
from typing import Protocol

from mainstay.drivers.machine.client import Line, Silent
from mainstay.drivers.machine.logs import files as logs
from mainstay.drivers.machine.protocol import (
    Accepted,
    AskJob,
    AskRunning,
    AskServing,
    Claim,
    JobAnswer,
    Renew,
    Request,
    RunningAnswer,
    ServingAnswer,
    SetEdge,
    SetFleet,
    SetTraffic,
    Sleep,
    StartJob,
    StopJob,
    Wake,
)
from mainstay.drivers.targets.target import RECENT, LogLine, LogQuery, never
from mainstay.errors import Unreachable
from mainstay.model import Edge, Fleet, Job, JobState, Running, Serving, Shifts, UnlessRenewed
from mainstay.system.state_dir import Folders


class Unguarded(Protocol):
    """Reads state from files and /proc while the supervisor is not running."""

    def running(self, folders: Folders) -> Running: ...

    def serving(self, folders: Folders) -> Serving: ...

    def job_state(self, folders: Folders, identity: str) -> JobState: ...

    def refuse_taken(self, wanted: Edge, doors: tuple[str, ...]) -> None: ...


class ProcessTarget:
    """Sends requests to the supervisor of the environment in *folders*.

    Requests that change something start the supervisor if needed. Reads never start it: they use *unguarded* if it is
    not running. *unguarded* is a callable because that module is slow to import and seldom needed.
    """

    def __init__(self, folders: Folders, unguarded: Callable[[], Unguarded]) -> None:
        self._folders = folders
        self._line = Line(folders)
        self._unguarded = unguarded

    def wake(self) -> None:
        self._tell(Wake())

    def sleep(self, fence: int) -> None:
        self._tell(Sleep(fence))

    def claim(self, fence: int) -> None:
        self._tell(Claim(fence))

    def fleet(self, fence: int, wanted: Fleet) -> None:
        self._tell(SetFleet(fence, wanted))

    def traffic(self, fence: int, shifts: Shifts, unless_renewed: UnlessRenewed | None = None) -> None:
        self._tell(SetTraffic(fence, shifts, unless_renewed))

    def renew(self, fence: int) -> None:
        self._tell(Renew(fence))

    def edge(self, fence: int, wanted: Edge | None) -> None:
        self._tell(SetEdge(fence, wanted))

    def refuse_taken(self, wanted: Edge) -> None:
        self._unguarded().refuse_taken(wanted, self.serving().doors)

    def job(self, fence: int, job: Job) -> None:
        self._tell(StartJob(fence, job))

    def stop_job(self, fence: int, identity: str) -> None:
        self._tell(StopJob(fence, identity))

    def job_state(self, identity: str) -> JobState:
        try:
            answer = self._line.ask(AskJob(identity))
        except Silent:
            return self._unguarded().job_state(self._folders, identity)
        if isinstance(answer, JobAnswer):
            return answer.state
        raise _strange(answer)

    def running(self) -> Running:
        try:
            answer = self._line.ask(AskRunning())
        except Silent:
            return self._unguarded().running(self._folders)
        if isinstance(answer, RunningAnswer):
            return answer.running
        raise _strange(answer)

    def serving(self) -> Serving:
        try:
            answer = self._line.ask(AskServing())
        except Silent:
            return self._unguarded().serving(self._folders)
        if isinstance(answer, ServingAnswer):
            return answer.serving
        raise _strange(answer)

    def logs(self, service: str, query: LogQuery = RECENT, *, ended: Callable[[], bool] = never) -> Iterator[LogLine]:
        found = logs.Logs(self._folders.logs / service, logs.Query(query.release, query.instance))
        try:
            for line in found.last(query.lines, with_rest=not query.follow):
                yield _log_line(service, line)
            for new in found.follow(ended) if query.follow else ():
                yield _log_line(service, new)
        finally:
            found.close()

    def _tell(self, request: Request) -> None:
        answer = self._line.insist(request)
        if not isinstance(answer, Accepted):
            raise _strange(answer)


def _log_line(service: str, one: logs.Written) -> LogLine:
    return LogLine(logs.moment(one.at), service, one.release, one.instance, one.stream, one.line)


def _strange(answer: object) -> Unreachable:
    return Unreachable(f"the supervisor gave a strange answer: {type(answer).__name__}", remedy="mainstay status")
