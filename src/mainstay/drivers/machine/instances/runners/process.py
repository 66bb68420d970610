"""Plain processes: started by the stub, known by their notes, so that they outlive whoever started them."""

import asyncio
import contextlib
import hashlib
import json
import os
import sys
from pathlib import Path
from signal import SIGKILL, Signals, pidfd_send_signal
from typing import TypeVar

import msgspec

from mainstay.drivers.machine.instances import stub
from mainstay.system import processes
from mainstay.system.file_lock import is_locked, try_lock
from mainstay.system.processes import Started

_STUB = "import sys; sys.path.append(sys.argv[1]); from mainstay.drivers.machine.instances.stub import main; main()"
_ROOT = str(Path(stub.__file__).parents[4])
PASSES = 20
"""How often strays are searched for at most: one may fork between the search and its SIGKILL."""
T = TypeVar("T")


class Launch(msgspec.Struct, frozen=True):
    """All that a stub is told. It may hold secrets, so it travels in memory only."""

    command: tuple[str, ...]
    folder: str
    out: str
    err: str
    environment: dict[str, str] = {}
    uid: int | None = None
    """None: the user that runs Mainstay."""
    gid: int | None = None
    groups: tuple[int, ...] = ()
    open_files: int = 65536
    umask: int = 0o077
    cgroups: tuple[str, ...] = ()
    """The files that take its number."""
    stdin: str = ""
    stays: bool = False
    """A job: the stub stays, waits and writes `exit`."""
    within_s: float = 0.0


class End(msgspec.Struct, frozen=True):
    """How a process ended. Neither is known of one that was adopted."""

    code: int | None = None
    signal: int | None = None


class JobEnd(msgspec.Struct, frozen=True):
    """The note `exit` of a job's stub."""

    code: int
    late: bool = False
    took_s: float = 0.0


class ProcessRunner:
    """Runs processes whose notes lie in *folder*: `ID/lock`, `ID/started`, and for a job `ID/exit`.

    The lock is held from before the fork until the note is written (by a job until it has ended): whoever
    finds an identity without a living process, and its lock free, knows that there is none.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, identity: str) -> Path:
        """The identity's own folder."""
        return self._folder / identity

    def start(self, identity: str, launch: Launch) -> Started | None:
        """Start the process unless it is alive; None while an earlier stub holds its lock."""
        place = self.place(identity)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = try_lock(self._lock(identity))
        if lock is None:
            return self.alive(identity)
        try:
            return self.alive(identity) or self._spawn(place, launch, lock)
        finally:
            os.close(lock)

    def alive(self, identity: str) -> Started | None:
        """The process, where it lives."""
        note = self.started(identity)
        return note if note is not None and processes.is_alive(note) else None

    def started(self, identity: str) -> Started | None:
        """What the note tells of the last start, living or not."""
        return _read(self.place(identity) / "started", Started)

    def starting(self, identity: str) -> bool:
        """Whether a stub holds the lock: it will write its note, or end. Checking does not take the lock."""
        return is_locked(self._lock(identity))

    def job_end(self, identity: str) -> JobEnd | None:
        """How the job ended, where its stub has seen it."""
        return _read(self.place(identity) / "exit", JobEnd)

    async def exit(self, process: Started) -> End:
        """Wait until *process* is gone, child or adopted, and say how it ended."""
        try:
            descriptor = os.pidfd_open(process.pid)
        except ProcessLookupError:
            return End()
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        try:
            now = processes.started(process.pid)
            if now == process:
                loop.add_reader(descriptor, gone.set)
                await gone.wait()
            elif now is not None:
                return End()
            return _reap(descriptor)
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    def signal(self, process: Started, number: Signals) -> None:
        """Send *number* to this very process; nothing where it is gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            descriptor = os.pidfd_open(process.pid)
            try:
                if processes.is_alive(process):
                    pidfd_send_signal(descriptor, number)
            finally:
                os.close(descriptor)

    def end_all(self, process: Started, number: Signals = SIGKILL, *, spare: int = 0) -> bool:
        """Send *number* to all that is left of its session and group, but *spare*. False: nothing was left."""
        left = [pid for pid in processes.of_session(process) if pid != spare]
        for pid in left:
            # A service may have started a program of another user, as sudo does.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        return bool(left)

    def end_strays(self, identity: str, since: Started) -> None:
        """Send SIGKILL to every process of *identity*, started since *since*, whatever session it has moved to."""
        for _ in range(PASSES):
            left = processes.marked(self._mark(identity), since)
            if not left:
                return
            for one in left:
                self.signal(one, SIGKILL)

    def _mark(self, identity: str) -> int:
        """A number that no other instance or job on this machine has: it is derived from the path of its folder."""
        digest = hashlib.sha256(str(self.place(identity)).encode()).digest()
        return int.from_bytes(digest[:7], "big")

    def _lock(self, identity: str) -> Path:
        return self.place(identity) / "lock"

    def _spawn(self, place: Path, launch: Launch, lock: int) -> Started | None:
        told = os.memfd_create("launch")
        try:
            whole = msgspec.to_builtins(launch) | {"note": str(place), "mark": self._mark(place.name)}
            _fill(told, json.dumps(whole).encode())
            pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-S", "-c", _STUB, _ROOT],
                {},
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, told, 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_DUP2, lock, stub.LOCK),
                ],
                setsid=True,
            )
        finally:
            os.close(told)
        return processes.started(pid)


def _fill(descriptor: int, text: bytes) -> None:
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(text)
    os.lseek(descriptor, 0, os.SEEK_SET)


def _reap(descriptor: int) -> End:
    """How a child of ours ended; of one that was adopted nobody is told."""
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
