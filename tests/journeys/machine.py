"""The processes of a sandbox, waiting with a timeout, and a simulated reboot."""

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
SUPERVISOR = "mainstay.drivers.machine.supervisor"
"""Part of the command line of every supervisor."""
T = TypeVar("T")


@dataclass(frozen=True)
class Process:
    pid: int
    command: str

    def kill(self) -> None:
        """Send SIGKILL to this process, not to its children."""
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
    """Return the processes whose command line, environment, working directory or open files are in *sandbox*.

    The test process and its ancestors are excluded.
    """
    own = set(_ancestors(os.getpid()))
    return [
        process
        for process in _all_processes()
        if process.pid not in own and process.is_alive and _belongs(process.pid, sandbox)
    ]


def command_lines() -> Iterator[bytes]:
    """Yield the command line of every process on the machine."""
    for name in os.listdir(PROC):
        if name.isdigit():
            yield _read(int(name), "cmdline")


def wait_until(condition: Callable[[], T | None], *, within: float, what: str) -> T:
    """Return the first true result of *condition*; fail after *within* seconds, naming *what*."""
    end = time.monotonic() + within
    while True:
        if found := condition():
            return found
        assert time.monotonic() < end, f"timed out after {within:g} s waiting for {what}"
        time.sleep(0.02)


def kill_all(sandbox: Path) -> None:
    """Kill every process of *sandbox*, as a power cut would."""

    def none_left() -> bool:
        left = processes(sandbox)
        for process in left:
            process.kill()
        return not left

    wait_until(none_left, within=10, what=f"the end of all processes of {sandbox}")


def reboot(state: Path) -> None:
    """Simulate a reboot: kill every process, remove the sockets and change the boot id in every record."""
    kill_all(state.parent)
    boot_id = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    other_id = str(uuid.uuid4())
    for path in (*state.glob("instances/*/*"), *state.glob("jobs/*/*"), state / "desired.json"):
        if path.is_file() and boot_id in (text := path.read_text(errors="replace")):
            path.write_text(text.replace(boot_id, other_id))
    for socket in (state / "sockets").iterdir():
        socket.unlink()
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


def _ancestors(pid: int) -> Iterator[int]:
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
