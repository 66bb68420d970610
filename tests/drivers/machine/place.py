"""An environment for tests with real processes: a supervisor, small services, and nothing left afterwards."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mainstay.drivers.machine import offline
from mainstay.drivers.machine.instances.cgroups import Limits
from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.drivers.targets.process.host import Host
from mainstay.drivers.targets.process.storage import HostStorage
from mainstay.drivers.targets.process.target import ProcessTarget
from mainstay.model import Environment, Health, Instance, Job, Member, Value, Workload
from mainstay.system import processes as machine
from mainstay.system.clock import SystemClock, Waiter
from mainstay.system.command import GuardedShell
from mainstay.system.process_runner import ProcessRunner
from mainstay.system.processes import Started
from mainstay.system.state_dir import Folders

APP = str(Path(__file__).with_name("small_service.py"))
PYTHON = sys._base_executable  # type: ignore[attr-defined]  # CPython has it
PATH = os.environ["PATH"]


class Place:
    """One environment, whose target has the fence 1."""

    def __init__(self, root: Path) -> None:
        self.folders = Folders(root / "state", root / "keys")
        environment = Environment("shop", "local", "process", str(self.folders.state), str(self.folders.keys))
        sealed = SealedFile(self.folders.sealed, self.folders.secret_key)
        host = Host(environment, self.folders, GuardedShell(), sealed, SystemClock())
        self.target = ProcessTarget(self.folders, lambda: offline, lambda: HostStorage(host)).for_run(1)
        self.instances = ProcessRunner(self.folders.instances)
        self.jobs = ProcessRunner(self.folders.jobs)

    def until(self, seen: Callable[[], object], what: str = "it", within: float = 20) -> None:
        Waiter(SystemClock()).wait_until(lambda: bool(seen()) or None, within=within, waiting_for=what, every=0.02)

    def supervisor(self) -> Started | None:
        """The one that listens, by the credentials of its socket."""
        with closing(socket.socket(socket.AF_UNIX)) as line:
            try:
                line.connect(str(self.folders.supervisor_socket))
            except OSError:
                return None
            peer = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return machine.started(int.from_bytes(peer[:4], sys.byteorder))

    def kill_supervisor(self) -> None:
        process = self.supervisor()
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        self.until(lambda: not machine.is_alive(process), "the supervisor's end")

    def found(self, release: int, service: str = "web") -> list[Instance]:
        every = self.target.fleet_status().instances
        return [one for one in every if one.service == service and one.release == release]

    def ready(self, release: int, count: int = 1, service: str = "web") -> bool:
        return sum(one.state == "ready" for one in self.found(release, service)) == count

    def up(self, member: Member, release: int = 1, service: str = "web") -> list[Instance]:
        """The member's fleet, ready."""
        self.target.set_fleet({service: {release: member}})
        self.until(lambda: self.ready(release, member.count, service), f"{service}@{release}")
        return self.found(release, service)

    def processes(self) -> list[Started]:
        """Everything of the environment that runtimes, by its notes."""
        runners = (self.instances, self.jobs)
        return [one for runner in runners for name in identities(runner) if (one := runner.alive(name))]

    def end(self) -> None:
        """Kill everything that this environment started."""
        if process := self.supervisor():
            os.kill(process.pid, signal.SIGKILL)
            self.until(lambda: not machine.is_alive(process), "the supervisor's end")
        for runner in (self.instances, self.jobs):
            for name in identities(runner):
                if started := runner.started(name):
                    runner.end_all(name, started)
        self.until(lambda: not self.processes(), "the end of all processes")
        limits = Limits(self.folders.state)
        for name in identities(self.instances):
            limits.remove(name)
        limits.close()


def identities(runner: ProcessRunner) -> list[str]:
    """Every identity that has a folder of *runner*'s."""
    folder = runner.place("")
    return sorted(os.listdir(folder)) if folder.is_dir() else []


@contextmanager
def a_place() -> Iterator[Place]:
    """An environment of its own under a short path that services of other users can pass."""
    root = Path(tempfile.mkdtemp(prefix="mainstay-"))
    root.chmod(0o755)
    place = Place(root)
    try:
        yield place
    finally:
        place.end()
        for folder, _, _ in os.walk(root):
            os.chmod(folder, 0o755)  # Content is read-only, also for us where we are not root.
        shutil.rmtree(root)


def service(name: str = "web", *, told: dict[str, Value] | None = None, **fields: object) -> Workload:
    """The small service; *told* is its environment."""
    given: dict[str, object] = {
        "health": Health("http", ready="/health", every_s=0.1),
        "steady_s": 0.2,
        "drain_s": 3.0,
        "stop_grace_s": 1.0,
        "folder": "/",
    }
    environment = {"PATH": PATH} | (told or {})
    return Workload(name, (PYTHON, APP), environment=environment, **(given | fields))  # type: ignore[arg-type]  # checked by name


def worker(*command: str, name: str = "worker", **fields: object) -> Workload:
    """A service without a port."""
    given: dict[str, object] = {"steady_s": 0.2, "stop_grace_s": 1.0, "folder": "/", "listens": False}
    return Workload(name, command, environment={"PATH": PATH}, **(given | fields))  # type: ignore[arg-type]  # checked by name


def member(workload: Workload, count: int = 1) -> Member:
    return Member(workload, count, "1.0.0")


def shell_job(identity: str, script: str, within_s: float = 60) -> Job:
    return Job(identity, "A job", ("sh", "-c", script), "/", {"PATH": PATH}, within_s=within_s)


def starts_of(path: Path) -> int:
    """How many lines a process has written to say that it began."""
    return len(path.read_text().splitlines()) if path.exists() else 0


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
