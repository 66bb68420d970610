"""Start, watch and stop jobs. A job runs once.

Its stub, the parent of its process, records the outcome in the job's folder even while no supervisor runs.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from signal import SIGKILL, SIGTERM

import msgspec

from mainstay.drivers.machine.instances.launch import Launching
from mainstay.errors import MainstayError, Unreachable
from mainstay.model import Job, JobState
from mainstay.system.atomic_file import atomic_write
from mainstay.system.background_tasks import BackgroundTasks
from mainstay.system.log_lines import last_lines
from mainstay.system.process_runner import JobEnd, ProcessRunner
from mainstay.system.processes import ProcessId
from mainstay.system.state_dir import Folders

log = logging.getLogger(__name__)

STARTS_WITHIN_S, STOP_GRACE_S, STUB_GRACE_S = 10.0, 5.0, 2.0
CANNOT_START, KILLED = 126, 137


class Jobs:
    """The jobs of one environment. *wake* is called when a job has ended; *watches* has a task for each running job."""

    def __init__(
        self, folders: Folders, launching: Launching, watches: BackgroundTasks, wake: Callable[[], None]
    ) -> None:
        self._runner = ProcessRunner(folders.jobs)
        self._launching = launching
        self._wake = wake
        self._watches = watches

    def start(self, job: Job, listeners: Mapping[str, int]) -> None:
        """Start *job* unless it was started before, and watch it while it runs.

        A job that cannot be started ends with exit code CANNOT_START, and its output has the reason.
        """
        if self._watches.has(_watch_of(job.id)):
            return
        if self.has_ended(job.id):
            self._sweep(job.id)
            return
        process = self._runner.alive(job.id)
        if process is None and self._runner.started(job.id) is None:
            try:
                place = self._runner.place(job.id)
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
                process = self._runner.start(job.id, self._launching.job(job, place, listeners))
            except (MainstayError, OSError, KeyError) as error:
                self._end(job.id, CANNOT_START, f"{job.title} could not be started: {error}")
        if process is not None:
            self._watches.add(_watch_of(job.id), self._watch(job.id, process))

    def has_ended(self, identity: str) -> bool:
        """Return whether the job was started and does not run any more."""
        return self.state(identity).state in {"ended", "lost"}

    def state(self, identity: str, wanted: bool = False) -> JobState:
        """Return the state of the job; *wanted* is whether the desired state contains it."""
        return state_of(self._runner, identity, wanted)

    async def stop(self, identity: str) -> None:
        """Stop the job and every process that it started, and wait until they have ended.

        The caller has removed the job from the desired state. Raises Unreachable when the job is only just being
        started and its stub does not record its pid within STARTS_WITHIN_S, and when its stub survives SIGKILL.
        """
        try:
            async with asyncio.timeout(STARTS_WITHIN_S):
                while self._runner.starting(identity) and self._runner.started(identity) is None:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise _still_running(identity, f"its process did not start within {STARTS_WITHIN_S:g} s") from None
        process = self._runner.alive(identity)
        if process is None:
            return
        for number, within in ((SIGTERM, STOP_GRACE_S), (SIGKILL, STUB_GRACE_S)):
            self._runner.end_all(identity, process, number, spare=process.pid)
            if await self._is_gone(process, within):
                break
        else:
            self._runner.signal(process, SIGKILL)
        self._sweep(identity)
        if not await self._is_gone(process, STUB_GRACE_S):
            raise _still_running(identity, f"process {process.pid} did not end within {STUB_GRACE_S:g} s of SIGKILL")
        if self._runner.job_end(identity) is None:
            self._end(identity, KILLED, "mainstay: stopped")

    async def _is_gone(self, process: ProcessId, within: float) -> bool:
        exit_ = asyncio.create_task(self._runner.exit(process))
        done, _ = await asyncio.wait({exit_}, timeout=within)
        exit_.cancel()
        return bool(done)

    async def _watch(self, identity: str, process: ProcessId) -> None:
        await self._runner.exit(process)
        self._sweep(identity)
        log.info("job %s has ended: %s", identity, self._runner.job_end(identity))
        self._wake()

    def _sweep(self, identity: str) -> None:
        """Kill every process that the job left behind: a job ends with its main process."""
        if process := self._runner.started(identity):
            self._runner.end_all(identity, process)
            self._runner.end_strays(identity, process)

    def _end(self, identity: str, code: int, why: str) -> None:
        place = self._runner.place(identity)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (place / "output").open("a") as output:
            output.write(why + "\n")
        atomic_write(place / "exit", msgspec.json.encode(JobEnd(code)))
        self._wake()


def _still_running(identity: str, why: str) -> Unreachable:
    return Unreachable(
        f"job {identity} will not be started again, but it may still run: {why}", remedy="mainstay resume"
    )


def _watch_of(identity: str) -> str:
    return f"job {identity}"


def state_of(runner: ProcessRunner, identity: str, wanted: bool) -> JobState:
    """Return the state of a job, from the files that its stub has written and from the running processes.

    A *wanted* job, one in the desired state, counts as running before its stub has written a file.
    """
    if runner.started(identity) is None and runner.job_end(identity) is None:
        return JobState("running" if wanted or runner.starting(identity) else "none")
    alive = runner.alive(identity) is not None
    tail = last_lines(runner.place(identity) / "output")
    if (end := runner.job_end(identity)) is not None:
        if end.late:
            tail = (*tail, f"mainstay: timed out after {end.took_s:.0f} s")
        return JobState("ended", end.code, tail, end.took_s)
    return JobState("running" if alive else "lost", tail=tail)
