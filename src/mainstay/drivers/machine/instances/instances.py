"""Start, adopt, stop and remove instances, and react to their exits."""

import logging
import os
import shutil
import signal
import time
from collections.abc import Callable, Container
from datetime import UTC, datetime

from msgspec.structs import replace

from mainstay.drivers.machine.instances.cgroups import ResourceLimits, out_of_memory
from mainstay.drivers.machine.instances.health import HealthChecks
from mainstay.drivers.machine.instances.launch import Launching
from mainstay.drivers.machine.instances.private_copies import keep_written
from mainstay.drivers.machine.instances.records import read_record, write_record
from mainstay.drivers.machine.logs.files import tail
from mainstay.drivers.machine.state import decide, lifecycle
from mainstay.drivers.machine.state.addresses import listeners
from mainstay.drivers.machine.state.desired import Desired, member_of
from mainstay.drivers.machine.state.lifecycle import Runtime
from mainstay.errors import MainstayError
from mainstay.model import Exit, Workload
from mainstay.system import processes
from mainstay.system.background_tasks import BackgroundTasks
from mainstay.system.disk_space import FULL
from mainstay.system.process_runner import Launch, ProcessRunner
from mainstay.system.processes import ProcessId
from mainstay.system.state_dir import Folders

log = logging.getLogger(__name__)

NO_ROOM_AGAIN_S = 1.0
"""Seconds until the next attempt to start an instance that could not be started because the disk was full."""
STARTS_WITHIN_S = 0.05
"""Output from up to this many seconds before the recorded start of a process counts as output of this process.

The backoff is longer, so the previous process has written nothing in these seconds.
"""


class Instances:
    """All instances of the environment; `runtimes` has their present states by id.

    Calls *wake* when an instance starts or stops answering its probes, becomes steady, ends, or cannot be started.
    """

    def __init__(
        self,
        folders: Folders,
        launching: Launching,
        limits: ResourceLimits,
        tasks: BackgroundTasks,
        wake: Callable[[], None],
    ) -> None:
        self.runtimes: dict[str, Runtime] = {}
        self._folders = folders
        self._runner = ProcessRunner(folders.instances)
        self._launching = launching
        self._limits = limits
        self._tasks = tasks
        self._wake = wake
        self._states: dict[str, str] = {}
        self.health = HealthChecks(self.runtimes, self._runner, limits, wake, self.kill, self._tail)
        self.proven: frozenset[str] = frozenset()
        """Revisions (`web@41`) that have had a steady instance, so their instances are restarted without limit."""

    def adopt(self, desired: Desired) -> frozenset[str]:
        """Adopt the processes that already run.

        Return the ids of the instances whose process is not known yet: the stub, which starts it, has not
        recorded its pid.
        """
        for name in desired.instances:
            if name not in self.runtimes:
                self.runtimes[name] = Runtime(record=read_record(self._runner, name))
            if self.runtimes[name].process is None and (process := self._runner.alive(name)):
                self._adopt(name, desired, process)
        return frozenset(
            name for name in desired.instances if self.runtimes[name].process is None and self._runner.starting(name)
        )

    def start(self, name: str, desired: Desired) -> None:
        """Start the instance *name*.

        When that is impossible, mark the instance as failed, with the reason; on a full disk, try again later.
        """
        one, member = desired.instances[name], member_of(desired, desired.instances[name])
        now = processes.boottime()
        if self._runner.alive(name) is None:
            self.kill(name)  # Processes that it left when it ended without a supervisor may hold the port.
        try:
            groups = self._limits.groups(name, member.workload.memory_bytes, member.workload.cpus)
            launch = self._launching.instance(one, member, listeners(desired), groups)
            process = self._runner.start(name, launch)
        except (MainstayError, OSError, KeyError) as error:
            if isinstance(error, OSError) and error.errno in FULL:
                log.error("%s is started again later: %s", name, error)
                self.runtimes[name] = replace(self.runtimes[name], start_at=now + NO_ROOM_AGAIN_S)
            else:
                self._fail(name, f"could not be started: {error}")
            return
        if process is not None:
            self.runtimes[name] = lifecycle.after_start(self.runtimes[name], process, now)
            self._keep_record(name)  # A supervisor that adopts the new process must not count it as steady.
            self._watch(name, desired, process, launch)

    def stop(self, name: str, desired: Desired) -> None:
        """Send the stop signal to the main process of *name*."""
        process = self.runtimes[name].process
        if process is not None:
            self._runner.signal(
                process, signal.Signals[member_of(desired, desired.instances[name]).workload.stop_signal]
            )

    def kill(self, name: str) -> None:
        """Send SIGKILL to all processes of the instance: its session, group and cgroup, and stray descendants."""
        process = self.runtimes[name].process or self._runner.started(name)
        if process is not None:
            self._runner.end_all(name, process)
            self._runner.end_strays(name, process)
        for pid in self._limits.members(name):
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue

    def forget(self, name: str, desired: Desired) -> int:
        """End the remaining processes of the instance *name* and remove its files, cgroups and state.

        Return how many files that it wrote into its private copy were kept.
        """
        count: int | None = 0
        workload = member_of(desired, desired.instances[name]).workload
        self.kill(name)
        self._tasks.cancel(name)
        self._limits.remove(name)
        for variable in workload.files:  # Plain-text secrets are removed even when the copy beside them must stay.
            (self._launching.private(name) / variable).unlink(missing_ok=True)
        if not workload.read_only or workload.files:
            private, kept = self._launching.private(name), self._folders.written / workload.service
            count = keep_written(name, private / "content", self._folders.content(workload.artifact), kept)
            if count is not None:
                shutil.rmtree(private, ignore_errors=True)
        shutil.rmtree(self._runner.place(name), ignore_errors=True)
        self.runtimes.pop(name, None)
        self._states.pop(name, None)
        return count or 0

    def clear_failures(self, desired: Desired, services: Container[str] | None = None) -> None:
        """Clear the failed state and the early exits of instances of *services*, by default all: they start at once.

        Called when the fleet of the services or a start of the environment is requested. A completed task is not run
        again.
        """
        for name, one in desired.instances.items():
            if name in self.runtimes and (services is None or one.service in services):
                self._clear_failure(name)

    def _clear_failure(self, name: str) -> None:
        runtime = self.runtimes[name]
        if runtime.record.done or not (runtime.record.failed or runtime.record.early_exits):
            return
        record = replace(runtime.record, failed=False, early_exits=0)
        waiting = runtime.process is None
        self.runtimes[name] = (
            Runtime(record=record) if waiting else replace(runtime, record=record, backoff_s=lifecycle.FIRST_BACKOFF_S)
        )
        self._keep_record(name)

    def record_state_changes(self, desired: Desired) -> None:
        """Log each instance whose state has changed since the last call, and record the time of the change."""
        ready = decide.ready(desired, self.runtimes)
        for name, one in desired.instances.items():
            runtime = self.runtimes[name]
            state = lifecycle.state_of(runtime, leaving=one.leaving, ready=name in ready)
            if self._states.get(name) != state:
                since = runtime.record.since if name not in self._states and runtime.record.since else _now()
                self._states[name] = state
                log.info("%s is %s", name, state)
                self.runtimes[name] = replace(runtime, record=replace(runtime.record, since=since))
                self._keep_record(name)

    def _tail(self, name: str, service: str) -> tuple[str, ...]:
        """Return the last lines of the instance's current or last process, in order of time where it is known."""
        age = processes.boottime() - self.runtimes[name].started_at
        return tail(self._folders.logs / service, name, time.time() - age - STARTS_WITHIN_S)

    def _adopt(self, name: str, desired: Desired, process: ProcessId) -> None:
        one, member = desired.instances[name], member_of(desired, desired.instances[name])
        record = self.runtimes[name].record
        started_at = processes.boottime() - processes.age(process)
        since = started_at if record.steady else None
        self.runtimes[name] = Runtime(
            record=record, process=process, started_at=started_at, answers=record.steady, good_since=since
        )
        log.info("%s was adopted, pid %d", name, process.pid)
        try:
            launch = self._launching.instance(one, member, listeners(desired), ())
        except (MainstayError, OSError, KeyError) as error:
            log.warning("%s is probed without its environment: %s", name, error)
            launch = Launch(member.workload.command, "/", "", "")
        self._watch(name, desired, process, launch)

    def _watch(self, name: str, desired: Desired, process: ProcessId, launch: Launch) -> None:
        one, member = desired.instances[name], member_of(desired, desired.instances[name])
        self._tasks.cancel(name)
        self._tasks.add(name, self._wait_for_exit(name, member.workload, process, str(one.revision)))
        self._tasks.add(name, self.health.check_readiness(name, member.workload, one.port, launch))
        if member.workload.health.live:
            self._tasks.add(name, self.health.check_liveness(name, member.workload, one.port))

    async def _wait_for_exit(self, name: str, workload: Workload, process: ProcessId, revision: str) -> None:
        end = await self._runner.exit(process)
        if name not in self.runtimes or self.runtimes[name].process != process:
            return
        runtime = self.runtimes[name]
        if workload.memory_bytes is not None and self._limits.ran_out(name):
            runtime = replace(runtime, reason=out_of_memory(workload.memory_bytes))
        self.kill(name)
        self._tasks.cancel(name)
        proven = revision in self.proven
        after = lifecycle.after_end(runtime, workload, end, proven=proven, now=processes.boottime(), at=_now())
        self.runtimes[name] = replace(after, tail=self._tail(name, workload.service))
        log.info("%s ended: %s", name, after.record.last_exit)
        self._keep_record(name)
        self._wake()

    def _keep_record(self, name: str) -> None:
        write_record(self._runner, name, self.runtimes[name].record)

    def _fail(self, name: str, reason: str) -> None:
        log.warning("%s %s", name, reason)
        record = replace(self.runtimes[name].record, failed=True, last_exit=Exit(_now(), reason=reason))
        self.runtimes[name] = replace(self.runtimes[name], record=record)
        self._keep_record(name)
        self._wake()


def _now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
