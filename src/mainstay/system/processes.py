"""Find processes of this machine, and read their start time, session, memory, and the mark of their instance or job."""

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import psutil

PROC = Path("/proc")
_MARK = b"Max file locks"


class ProcessId(msgspec.Struct, frozen=True):
    """One process, identified uniquely: a pid is reused, but never with the same start time in the same boot."""

    boot: str
    pid: int
    started: int
    """Start time in clock ticks since boot, from /proc/PID/stat."""


def boot_id() -> str:
    """Return the kernel's boot id, which is different after each boot."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def boottime() -> float:
    """Return the seconds since boot, including time in suspend."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def find(pid: int) -> ProcessId | None:
    """Return the process that has this pid now; None if there is none or it is a zombie."""
    stat = _stat(pid)
    return None if stat is None or stat.ended else ProcessId(boot_id(), pid, stat.started)


def is_alive(process: ProcessId) -> bool:
    """Return whether exactly this process is still alive."""
    return find(process.pid) == process


def is_stopped(pid: int) -> bool:
    """Return whether the process is stopped by a signal."""
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    return False


def age(process: ProcessId) -> float:
    """Return the seconds since the process started."""
    return boottime() - process.started / os.sysconf("SC_CLK_TCK")


def of_session(leader: ProcessId, mark: int) -> tuple[int, ...]:
    """Return the pids of all living processes in the session or process group of *leader*.

    When *leader* has ended, only processes with *mark*, the mark of its instance or job, are returned: another program
    may have had the same pid, and with it the same session number, in the meantime.
    """
    now = _stat(leader.pid)
    if leader.boot != boot_id() or (now is not None and now.started != leader.started):
        return ()  # The kernel reuses a pid only after its session and group are empty, so no process of ours is left.
    members = (
        pid for pid, stat in _living() if leader.pid in (stat.session, stat.group) and stat.started >= leader.started
    )
    return tuple(pid for pid in members if now is not None or mark_of(pid) == mark)


def marked(mark: int, since: ProcessId) -> tuple[ProcessId, ...]:
    """Return every living process that started no earlier than *since* and whose limit of file locks is *mark*.

    The stub sets that limit to mark an instance or a job with all its descendants.
    """
    if since.boot != boot_id():
        return ()
    return tuple(
        ProcessId(since.boot, pid, stat.started)
        for pid, stat in _living()
        if stat.started >= since.started and mark_of(pid) == mark
    )


def mark_of(pid: int) -> int | None:
    """Return the mark of a process, its limit of file locks; None for no limit, and when the process has ended.

    psutil uses prlimit, which the kernel refuses to root for another user's process in a container without
    CAP_SYS_RESOURCE. So this reads /proc/PID/limits, which every user can read.
    """
    try:
        lines = (PROC / str(pid) / "limits").read_bytes().splitlines()
    except OSError:
        return None
    soft = next((line.split()[3] for line in lines if line.startswith(_MARK)), b"")
    return int(soft) if soft.isdigit() else None


def sessions() -> dict[int, list[int]]:
    """Return the pids of all living processes by session id."""
    found: dict[int, list[int]] = {}
    for pid, stat in _living():
        found.setdefault(stat.session, []).append(pid)
    return found


def resident_bytes(pids: Iterable[int]) -> int:
    """Return the sum of the resident memory of these processes, in bytes."""
    total = 0
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            total += psutil.Process(pid).memory_info().rss
    return total


class _Stat(NamedTuple):
    ended: bool
    """Whether it is a zombie. The kernel does not reuse its pid before the parent has received its exit code."""
    group: int
    session: int
    started: int


def _living() -> Iterator[tuple[int, _Stat]]:
    for pid in psutil.pids():
        if (stat := _stat(pid)) is not None and not stat.ended:
            yield pid, stat


def _stat(pid: int) -> _Stat | None:
    """Read state, group, session and start time together, so that they are those of one process.

    psutil knows neither group nor session. Its start time is the wall-clock time of the boot plus the ticks: it changes
    when the clock is set, so that a process would lose its identity.
    """
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    fields = text[text.rindex(")") + 2 :].split()  # The name before it may contain any character.
    return _Stat(fields[0] in {"Z", "X"}, int(fields[2]), int(fields[3]), int(fields[19]))
