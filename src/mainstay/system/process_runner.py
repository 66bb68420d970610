"""Start processes that outlive the supervisor, and find them again.

Each process is started by a stub, a small program that records pid and start time in a file, the note of the process.
By this note a later supervisor finds the process.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from signal import SIGKILL, Signals, pidfd_send_signal
from typing import TypeVar

import msgspec

from mainstay.system import process_stub, processes
from mainstay.system.file_lock import is_locked, try_lock
from mainstay.system.folder_content import children
from mainstay.system.processes import ProcessId

_STUB = "import sys; sys.path.append(sys.argv[1]); from mainstay.system.process_stub import main; main()"
_ROOT = str(Path(process_stub.__file__).parents[2])
MAX_SEARCHES = 20
"""Maximum number of searches for stray processes: a process may fork between the search and its SIGKILL."""
T = TypeVar("T")


class Launch(msgspec.Struct, frozen=True):
    """What the stub needs to start one process. It may contain secrets, so it is passed in memory only."""

    command: tuple[str, ...]
    folder: str
    out: str
    err: str
    environment: dict[str, str] = {}
    uid: int | None = None
    """The user as which the process runs; None: the user that runs Mainstay."""
    gid: int | None = None
    groups: tuple[int, ...] = ()
    open_files: int = 65536
    umask: int = 0o077
    cgroups: tuple[str, ...] = ()
    """The `cgroup.procs` files to which the stub writes its pid."""
    stdin: str = ""
    stays: bool = False
    """True for a job: the stub waits for the end of the command and records it in the note `exit`."""
    within_s: float = 0.0
    """Seconds after which the stub kills a job."""


class End(msgspec.Struct, frozen=True):
    """How a process ended: its exit code or the signal. Both are None if an earlier supervisor started the process."""

    code: int | None = None
    signal: int | None = None


class JobEnd(msgspec.Struct, frozen=True):
    """The note `exit` that a job's stub writes: the exit code of the job, and how long it took, in seconds.

    `late`: whether the stub killed the job at its time limit.
    """

    code: int
    late: bool = False
    took_s: float = 0.0


class ProcessRunner:
    """Starts, finds and signals processes. Each has an identity ID, such as the name of its instance or job.

    The notes are in *folder*: `ID/started`, and for a job `ID/exit`. The file `ID/lock` is locked from before the fork
    until `ID/started` is written, for a job until its end. So an identity has no process if its lock is free and the
    process that `ID/started` names is not alive.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, identity: str) -> Path:
        """Return the folder of *identity*."""
        return self._folder / identity

    def start(self, identity: str, launch: Launch) -> ProcessId | None:
        """Start the process of *identity* unless it is alive, and return it.

        Returns None while an earlier stub, which has not written its note yet, holds the lock, and when the new process
        has ended already.
        """
        place = self.place(identity)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = try_lock(self._lock(identity))
        if lock is None:
            return self.alive(identity)
        try:
            return self.alive(identity) or self._spawn(place, launch, lock)
        finally:
            os.close(lock)

    def alive(self, identity: str) -> ProcessId | None:
        """Return the process of *identity*; None when it does not run."""
        note = self.started(identity)
        return note if note is not None and processes.is_alive(note) else None

    def started(self, identity: str) -> ProcessId | None:
        """Return the process that was started last, whether or not it still runs; None without a note."""
        return _read(self.place(identity) / "started", ProcessId)

    def starting(self, identity: str) -> bool:
        """Return whether a stub holds the lock of *identity*: its process is being started, or is a job that runs.

        The check does not take the lock.
        """
        return is_locked(self._lock(identity))

    def job_end(self, identity: str) -> JobEnd | None:
        """Return how the job ended; None when its stub has not recorded an end."""
        return _read(self.place(identity) / "exit", JobEnd)

    async def exit(self, process: ProcessId) -> End:
        """Wait until *process* has ended, and return how. An earlier supervisor may have started it."""
        try:
            descriptor = os.pidfd_open(process.pid)
        except ProcessLookupError:
            return End()
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        try:
            now = processes.find(process.pid)
            if now == process:
                loop.add_reader(descriptor, gone.set)
                await gone.wait()
            elif now is not None:
                return End()
            return _reap(descriptor)
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    def signal(self, process: ProcessId, number: Signals) -> None:
        """Send the signal *number* to *process*, never to another one with its pid; do nothing when it has ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            descriptor = os.pidfd_open(process.pid)
            try:
                if processes.is_alive(process):
                    pidfd_send_signal(descriptor, number)
            finally:
                os.close(descriptor)

    def members(self, identity: str, process: ProcessId) -> tuple[int, ...]:
        """Return the pids of the living processes in the session or group of *process*, even if *process* has ended."""
        return processes.of_session(process, self._mark(identity))

    def identities(self, pids: Iterable[int]) -> dict[int, str]:
        """Return the identity to which each of *pids* belongs, even if the process has left its session.

        Pids that belong to no identity in *folder* are left out.
        """
        known = {self._mark(place.name): place.name for place in children(self._folder)}
        marks = {pid: processes.mark_of(pid) for pid in pids}
        return {pid: known[mark] for pid, mark in marks.items() if mark in known}

    def end_all(self, identity: str, process: ProcessId, number: Signals = SIGKILL, *, spare: int = 0) -> bool:
        """Send the signal *number* to all processes in the session or group of *process*, except the pid *spare*.

        Return whether there was any.
        """
        left = [pid for pid in self.members(identity, process) if pid != spare]
        for pid in left:
            # A service may have started a program of another user, as sudo does.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        return bool(left)

    def end_strays(self, identity: str, since: ProcessId) -> None:
        """Send SIGKILL to every process of *identity* that started no earlier than *since*, in any session."""
        for _ in range(MAX_SEARCHES):
            left = processes.marked(self._mark(identity), since)
            if not left:
                return
            for one in left:
                self.signal(one, SIGKILL)

    def _mark(self, identity: str) -> int:
        """Return a number unique to this instance or job on the machine, derived from the path of its folder."""
        digest = hashlib.sha256(str(self.place(identity)).encode()).digest()
        return int.from_bytes(digest[:7], "big")

    def _lock(self, identity: str) -> Path:
        return self.place(identity) / "lock"

    def _spawn(self, place: Path, launch: Launch, lock: int) -> ProcessId | None:
        memory = os.memfd_create("launch")
        try:
            whole = msgspec.to_builtins(launch) | {"note": str(place), "mark": self._mark(place.name)}
            os.pwrite(memory, json.dumps(whole).encode(), 0)  # The position stays 0, where the stub reads.
            pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-S", "-c", _STUB, _ROOT],
                {},
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, memory, 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_DUP2, lock, process_stub.LOCK),
                ],
                setsid=True,
            )
        finally:
            os.close(memory)
        return processes.find(pid)


def _reap(descriptor: int) -> End:
    """Return how a child process ended; an empty End for an adopted one, whose exit code only its parent receives."""
    try:
        result = os.waitid(os.P_PIDFD, descriptor, os.WEXITED)
    except ChildProcessError:
        return End()
    if result is None or result.si_code == os.CLD_EXITED:
        return End(code=result.si_status if result else None)
    return End(signal=result.si_status)


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, NotADirectoryError):
        return None
