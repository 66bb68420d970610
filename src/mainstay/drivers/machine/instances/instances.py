"""The instances: start, adopt, probe, stop and remove them."""

import asyncio
import logging
import os
import shutil
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from mainstay.drivers.machine.instances.cgroups import Limits, in_words
from mainstay.drivers.machine.instances.launch import Launching
from mainstay.drivers.machine.instances.private_copies import free_name, keep_written
from mainstay.drivers.machine.instances.probes import Probe, ask_live, ask_ready
from mainstay.drivers.machine.logs.files import tail
from mainstay.drivers.machine.state import lifecycle
from mainstay.drivers.machine.state.addresses import listeners
from mainstay.drivers.machine.state.desired import Desired, member_of
from mainstay.drivers.machine.state.lifecycle import Life, Past
from mainstay.errors import MainstayError
from mainstay.model import Exit, Workload
from mainstay.system import processes
from mainstay.system.atomic_file import atomic_write
from mainstay.system.background_tasks import BackgroundTasks
from mainstay.system.disk_space import FULL
from mainstay.system.listeners import listens_elsewhere
from mainstay.system.process_runner import Launch, ProcessRunner
from mainstay.system.processes import Started
from mainstay.system.state_dir import Folders

log = logging.getLogger(__name__)

NOT_READY_EVERY_S = 0.5
"""Seconds between probes of an instance that is not ready, and after a failed probe of a ready one."""
EAGER_S = 0.05
"""Seconds between probes that cost the service nothing: before it listens, and of Mainstay's own datastores."""
NO_ROOM_AGAIN_S = 1.0
"""Seconds until the next attempt to start an instance that could not be started because the disk was full."""
LIVE_ASKED = 10
"""Liveness probes within `stuck_after_s`; fewer when `every_s` is longer than the pause between them."""
STARTS_WITHIN_S = 0.05
"""A process may write up to this many seconds before its start is recorded; the backoff after an exit is longer."""
_NOT_BEGUN = Probe("refused")
"""The result while the stub has not become the service yet: until then a living process does not prove readiness."""


class Instances:
    """All instances of the environment. `wake` is called when the state of one has changed."""

    def __init__(
        self, folders: Folders, launching: Launching, limits: Limits, watches: BackgroundTasks, wake: Callable[[], None]
    ) -> None:
        self.lives: dict[str, Life] = {}
        self._folders = folders
        self._runner = ProcessRunner(folders.instances)
        self._launching = launching
        self._limits = limits
        self._watches = watches
        self._wake = wake
        self._states: dict[str, str] = {}

    def adopt(self, desired: Desired) -> frozenset[str]:
        """Adopt the processes that already run. Return the instances whose stub has not written its note yet."""
        for name in desired.instances:
            if name not in self.lives:
                self.lives[name] = Life(past=read_past(self._runner, name))
            if self.lives[name].process is None and (process := self._runner.alive(name)):
                self._take_up(name, desired, process)
        return frozenset(
            name for name in desired.instances if self.lives[name].process is None and self._runner.starting(name)
        )

    def start(self, name: str, desired: Desired) -> None:
        """Start the instance *name*; mark it as failed, with the reason, when it cannot be started."""
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
                self.lives[name] = replace(self.lives[name], start_at=now + NO_ROOM_AGAIN_S)
            else:
                self._fail(name, f"could not be started: {error}")
            return
        if process is not None:
            self.lives[name] = lifecycle.after_start(self.lives[name], process, now)
            self._keep_past(name)  # A supervisor that adopts it must not take it for steady.
            self._watch(name, desired, process, launch)

    def stop(self, name: str, desired: Desired) -> None:
        """Send the stop signal to the main process of *name*."""
        process = self.lives[name].process
        if process is not None:
            self._runner.signal(
                process, signal.Signals[member_of(desired, desired.instances[name]).workload.stop_signal]
            )

    def kill(self, name: str) -> None:
        """Send SIGKILL to every process of the instance: session, process group, cgroup, and what left them."""
        process = self.lives[name].process or self._runner.started(name)
        if process is not None:
            self._runner.end_all(name, process)
            self._runner.end_strays(name, process)
        for pid in self._limits.members(name):
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue

    def forget(self, name: str, workload: Workload) -> None:
        """End the remaining instances of the instance *name* and remove its files, cgroups and state."""
        self.kill(name)
        self._watches.cancel(name)
        self._limits.remove(name)
        for variable in workload.files:  # Plain-text secrets are removed even when the copy beside them must stay.
            (self._launching.private(name) / variable).unlink(missing_ok=True)
        if (not workload.read_only or workload.files) and self._keep_written(name, workload):
            shutil.rmtree(self._launching.private(name), ignore_errors=True)
        shutil.rmtree(self._runner.place(name), ignore_errors=True)
        self.lives.pop(name, None)
        self._states.pop(name, None)

    def _keep_written(self, name: str, workload: Workload) -> bool:
        """Keep what the instance wrote into its private copy. Return False when that failed and the copy must stay."""
        copy, kept = self._launching.private(name) / "content", self._folders.written / workload.service
        if not copy.is_dir():
            return True
        try:
            kept.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = free_name(kept, name)
            count = keep_written(copy, self._folders.content(workload.artifact), place)
        except OSError as error:
            log.error("%s: what it wrote could not be kept and is left in %s: %s", name, copy, error)
            return False
        if count:
            log.warning("%s ended: %d files that it wrote are kept in %s", name, count, place)
        return True

    def clear_failure(self, name: str) -> None:
        """Start a failed or crashing instance again at once, with a new count of early exits.

        Called when its fleet or a start of the environment is requested. A completed task is not run again.
        """
        life = self.lives[name]
        if life.past.done or not (life.past.failed or life.past.early_ends):
            return
        past = replace(life.past, failed=False, early_ends=0)
        waiting = life.process is None
        self.lives[name] = Life(past=past) if waiting else replace(life, past=past, backoff_s=lifecycle.FIRST_BACKOFF_S)
        self._keep_past(name)

    def settle(self, desired: Desired, ready: frozenset[str]) -> None:
        """Record since when each instance has its present state."""
        for name, one in desired.instances.items():
            life = self.lives[name]
            state = lifecycle.state_of(life, leaving=one.leaving, ready=name in ready)
            if self._states.get(name) != state:
                since = life.past.since if name not in self._states and life.past.since else _now()
                self._states[name] = state
                log.info("%s is %s", name, state)
                self.lives[name] = replace(life, past=replace(life.past, since=since))
                self._keep_past(name)

    def sample_memory(self, desired: Desired) -> None:
        """Record each instance's resident memory; kill those over their limit where the kernel does not enforce it."""
        sessions = processes.sessions() if self.lives else {}
        for name, life in list(self.lives.items()):
            if life.process is None or name not in desired.instances:
                continue
            held = processes.resident_bytes(tuple(sessions.get(life.process.pid, ())))
            most = member_of(desired, desired.instances[name]).workload.memory_bytes
            too_much = most is not None and held > most and not self._limits.hold_memory
            reason = in_words(most) if most is not None and too_much else life.reason
            self.lives[name] = replace(life, memory_bytes=held, reason=reason)
            if too_much:
                self.kill(name)

    def sample_listening(self, desired: Desired) -> None:
        """Record where instances that are not steady yet, or were adopted, listen, and their last output lines."""
        for name, life in list(self.lives.items()):
            one = desired.instances.get(name)
            if one is None or life.process is None or (life.past.steady and life.listens_elsewhere is not None):
                continue
            told = ""
            if one.slot is not None and one.port:
                told = listens_elsewhere(self._runner.members(name, life.process), one.port)
            self.lives[name] = replace(life, listens_elsewhere=told, tail=self.tail(name, one.service))

    def tail(self, name: str, service: str) -> tuple[str, ...]:
        """Return the last lines of the instance's current or last process, in order of time where it is known."""
        age = processes.boottime() - self.lives[name].began
        return tail(self._folders.logs / service, name, time.time() - age - STARTS_WITHIN_S)

    def _take_up(self, name: str, desired: Desired, process: Started) -> None:
        one, member = desired.instances[name], member_of(desired, desired.instances[name])
        past = self.lives[name].past
        began = processes.boottime() - processes.age(process)
        soon = began if past.steady else None
        self.lives[name] = Life(past=past, process=process, began=began, answers=past.steady, good_since=soon)
        log.info("%s was adopted, pid %d", name, process.pid)
        try:
            launch = self._launching.instance(one, member, listeners(desired), ())
        except (MainstayError, OSError, KeyError) as error:
            log.warning("%s is asked without its environment: %s", name, error)
            launch = Launch(member.workload.command, "/", "", "")
        self._watch(name, desired, process, launch)

    def _watch(self, name: str, desired: Desired, process: Started, launch: Launch) -> None:
        one, member = desired.instances[name], member_of(desired, desired.instances[name])
        proven = f"{one.service}@{one.release}"
        self._watches.cancel(name)
        self._watches.add(name, self._until_exit(name, member.workload, process, proven))
        self._watches.add(name, self._probe(name, member.workload, one.port, launch))
        if member.workload.health.live:
            self._watches.add(name, self._until_stuck(name, member.workload, one.port))

    async def _until_exit(self, name: str, workload: Workload, process: Started, revision: str) -> None:
        end = await self._runner.exit(process)
        if name not in self.lives or self.lives[name].process != process:
            return
        life = self.lives[name]
        if workload.memory_bytes is not None and self._limits.ran_out(name):
            life = replace(life, reason=in_words(workload.memory_bytes))
        self.kill(name)
        self._watches.cancel(name)
        proven = revision in self.proven
        after = lifecycle.after_end(life, workload, end, proven=proven, now=processes.boottime(), at=_now())
        self.lives[name] = replace(after, tail=self.tail(name, workload.service))
        log.info("%s ended: %s", name, after.past.last_exit)
        self._keep_past(name)
        self._wake()

    proven: frozenset[str] = frozenset()
    """Revisions whose instances are restarted without limit."""

    async def _probe(self, name: str, workload: Workload, port: int | None, launch: Launch) -> None:
        while True:
            before = self.lives[name]
            begun = before.answers or not self._runner.starting(name)
            wait_s = lifecycle.patience(before, workload)
            probe = await ask_ready(workload.health, port, launch, wait_s) if begun else _NOT_BEGUN
            before = self.lives[name]
            after = lifecycle.after_probe(before, workload, probe, processes.boottime())
            self.lives[name] = after
            if before.past.steady != after.past.steady:
                # Persisted before it is reported: a client that reads "ready" may send it traffic.
                self._keep_past(name)
            if (before.answers, before.past.steady) != (after.answers, after.past.steady):
                self._wake()
            await asyncio.sleep(_pause(after, workload, probe))

    async def _until_stuck(self, name: str, workload: Workload, port: int | None) -> None:
        """Probe the liveness of a steady instance; kill it when it is stuck, so that its exit counts as a crash."""
        while True:
            await asyncio.sleep(max(workload.health.every_s, workload.health.stuck_after_s / LIVE_ASKED))
            if not self.lives[name].past.steady:
                continue  # Until the instance is steady, only its readiness probe counts.
            good = (await ask_live(workload.health, port)).good
            now = processes.boottime()
            self.lives[name] = lifecycle.after_live(self.lives[name], workload, good, now)
            if lifecycle.is_stuck(self.lives[name], workload, now):
                log.warning("%s is %s", name, self.lives[name].reason)
                self.kill(name)
                return

    def _fail(self, name: str, reason: str) -> None:
        log.warning("%s %s", name, reason)
        past = replace(self.lives[name].past, failed=True, last_exit=Exit(_now(), reason=reason))
        self.lives[name] = replace(self.lives[name], past=past)
        self._keep_past(name)
        self._wake()

    def _keep_past(self, name: str) -> None:
        place = self._runner.place(name)
        if place.is_dir():
            try:
                atomic_write(place / "past", msgspec.json.encode(self.lives[name].past))
            except OSError as error:
                log.error("the past of %s could not be kept: %s", name, error)


def _pause(life: Life, workload: Workload, probe: Probe) -> float:
    """Return the seconds until the next readiness probe."""
    soon = min(NOT_READY_EVERY_S, workload.health.every_s)
    if life.past.steady:
        return workload.health.every_s if probe.good else soon
    if life.good_since is None:
        return min(EAGER_S, soon) if probe.result == "refused" or workload.datastore else soon
    left = life.good_since + workload.steady_s - processes.boottime()
    return max(0.001, min(left, soon))


def read_past(runner: ProcessRunner, name: str) -> Past:
    """Return the persisted past of the instance *name*; an empty one when there is none."""
    try:
        return msgspec.json.decode((runner.place(name) / "past").read_bytes(), type=Past)
    except FileNotFoundError:
        return Past()


def _now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
