"""Boot id, processes, sessions and memory of this machine, read from /proc."""

import ctypes
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

PROC = Path("/proc")
LOOPBACK = "127.0.0.1"
"""The loopback address, reachable only from this machine."""
_C_LIBRARY = ctypes.CDLL(None, use_errno=True)
_STATE, _GROUP, _SESSION, _STARTED, _RESIDENT = 0, 2, 3, 19, 21
"""Indexes of fields in /proc/PID/stat after the process name, which may contain any character."""
_MARK = b"Max file locks"


class Started(msgspec.Struct, frozen=True):
    """One process, identified uniquely: a pid is reused, but never with the same start time in the same boot."""

    boot: str
    pid: int
    started: int
    """Start time in clock ticks since boot, from /proc/PID/stat."""


def boot_id() -> str:
    """Return the kernel's boot id, which is different after each boot."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def sync_contents(folder: Path) -> None:
    """Sync the file system that holds *folder* to the disk. Raises OSError when that fails.

    One call replaces an fsync of each of the thousands of files that a build creates.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _C_LIBRARY.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)


def boottime() -> float:
    """Return the seconds since boot, including time in suspend."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def started(pid: int) -> Started | None:
    """Return the process that has this pid now; None if there is none or it is a zombie."""
    fields = _stat(pid)
    if fields is None or fields[_STATE] in {"Z", "X"}:
        return None
    return Started(boot_id(), pid, int(fields[_STARTED]))


def is_alive(process: Started) -> bool:
    """Return whether exactly this process is still alive."""
    return started(process.pid) == process


def age(process: Started) -> float:
    """Return the seconds since the process started."""
    return boottime() - process.started / os.sysconf("SC_CLK_TCK")


def of_session(leader: Started) -> tuple[int, ...]:
    """Return the pids of all living processes in the session or process group of *leader*, even if it has ended."""
    if leader.boot != boot_id():
        return ()
    holder = started(leader.pid)
    if holder is not None and holder != leader:
        return ()  # The kernel reuses a pid only after its session and group are empty, so no process of ours is left.
    names = str(leader.pid)
    return tuple(
        pid
        for pid, fields in _everyone()
        if names in (fields[_SESSION], fields[_GROUP])
        and fields[_STATE] not in {"Z", "X"}
        and int(fields[_STARTED]) >= leader.started
    )


def marked(mark: int, since: Started) -> tuple[Started, ...]:
    """Return every living process that started since *since* and whose limit of file locks is *mark*.

    The stub sets that limit to mark an instance or a job with all its descendants.
    """
    if since.boot != boot_id():
        return ()
    return tuple(
        Started(since.boot, pid, int(fields[_STARTED]))
        for pid, fields in _everyone()
        if fields[_STATE] not in {"Z", "X"} and int(fields[_STARTED]) >= since.started and _mark_of(pid) == mark
    )


def resident_bytes(pids: tuple[int, ...]) -> int:
    """Return the sum of the resident memory of these processes, in bytes."""
    stats = (_stat(pid) for pid in pids)
    return sum(int(fields[_RESIDENT]) for fields in stats if fields) * os.sysconf("SC_PAGE_SIZE")


def sessions() -> dict[int, list[int]]:
    """Return the pids of all living processes by session id, in one pass over /proc."""
    found: dict[int, list[int]] = {}
    for pid, fields in _everyone():
        if fields[_STATE] not in {"Z", "X"}:
            found.setdefault(int(fields[_SESSION]), []).append(pid)
    return found


def _mark_of(pid: int) -> int | None:
    try:
        lines = (PROC / str(pid) / "limits").read_bytes().splitlines()
    except OSError:
        return None
    soft = next((line.split()[3] for line in lines if line.startswith(_MARK)), b"")
    return int(soft) if soft.isdigit() else None


def _everyone() -> Iterator[tuple[int, list[str]]]:
    for name in os.listdir(PROC):
        if name.isdigit() and (fields := _stat(int(name))) is not None:
            yield int(name), fields


def _stat(pid: int) -> list[str] | None:
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    return text[text.rindex(")") + 2 :].split()
