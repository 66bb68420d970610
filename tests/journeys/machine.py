"""What the machine tells of a place: every process that belongs to it, and a reboot as its notes would see it."""

import os
import re
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

PROC = Path("/proc")
T = TypeVar("T")


@dataclass(frozen=True)
class Process:
    """A living process."""

    pid: int
    command: str

    def end(self) -> None:
        """SIGKILL, to this one only."""
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    @property
    def is_alive(self) -> bool:
        try:
            return (PROC / str(self.pid) / "stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
        except (FileNotFoundError, ProcessLookupError):
            return False


def processes(sandbox: Path) -> list[Process]:
    """Those whose command line, folder, environment or open files lie in *place*; not this one and what began it."""
    ours = set(_line_of(os.getpid()))
    return [
        found for found in _all_processes() if found.pid not in ours and found.is_alive and _belongs(found.pid, sandbox)
    ]


def command_lines() -> Iterator[bytes]:
    """Of every process."""
    for name in os.listdir(PROC):
        if name.isdigit():
            yield _read(int(name), "cmdline")


def until(true: Callable[[], T | None], *, within: float, what: str) -> T:
    """What *true* says once it says something; the one place where a journey waits."""
    end = time.monotonic() + within
    while True:
        if found := true():
            return found
        assert time.monotonic() < end, f"waited {within:g} s in vain: {what}"
        time.sleep(0.02)


def end_all(sandbox: Path) -> None:
    """SIGKILL everything of *place* until nothing of it is left, as a power cut would."""

    def gone() -> bool:
        left = processes(sandbox)
        for one in left:
            one.end()
        return not left

    until(gone, within=10, what=f"the end of everything in {sandbox}")


def reboot(state: Path) -> None:
    """Everything killed at once, what lay in memory gone, and another boot in every note."""
    end_all(state.parent)
    boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    other = str(uuid.uuid4())
    for path in (*state.glob("instances/*/*"), *state.glob("jobs/*/*"), state / "desired.json"):
        if path.is_file() and boot in (text := path.read_text(errors="replace")):
            path.write_text(text.replace(boot, other))
    for name in (state / "sockets").iterdir():
        name.unlink()
    (state / "sockets").rmdir()


def _belongs(pid: int, sandbox: Path) -> bool:
    mark = re.compile(re.escape(os.fsencode(sandbox)) + rb"(?![\w.-])")
    if mark.search(_read(pid, "cmdline")) or mark.search(_read(pid, "environ")):
        return True
    links = [PROC / str(pid) / "cwd"]
    try:
        links += [PROC / str(pid) / "fd" / name for name in os.listdir(PROC / str(pid) / "fd")]
    except OSError:
        return False
    return any(mark.match(_link(link)) for link in links)


def _all_processes() -> list[Process]:
    found = [int(name) for name in os.listdir(PROC) if name.isdigit()]
    return [Process(pid, _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace")) for pid in found]


def _line_of(pid: int) -> Iterator[int]:
    while pid > 1:
        yield pid
        pid = int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])


def _read(pid: int, name: str) -> bytes:
    try:
        return (PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""


def _link(path: Path) -> bytes:
    try:
        return os.fsencode(os.readlink(path))
    except OSError:
        return b""
