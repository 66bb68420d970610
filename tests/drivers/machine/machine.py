"""A machine for tests with real processes: one environment with its supervisor, and small services to run in it."""

import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mainstay.drivers.machine import offline
from mainstay.drivers.machine.endpoints import endpoints
from mainstay.drivers.machine.instances.cgroups import ResourceLimits
from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.drivers.targets.process import requests
from mainstay.drivers.targets.process.host import Host
from mainstay.drivers.targets.process.parts import Parts
from mainstay.drivers.targets.process.storage import HostStorage
from mainstay.drivers.targets.process.target import ProcessTarget
from mainstay.model import (
    Edge,
    Environment,
    Exit,
    Health,
    Instance,
    InstanceState,
    Job,
    Member,
    Route,
    Shares,
    Shift,
    Value,
    Workload,
)
from mainstay.system import processes
from mainstay.system.clock import SystemClock, Waiter
from mainstay.system.command import Shell
from mainstay.system.process_runner import ProcessRunner
from mainstay.system.processes import ProcessId
from mainstay.system.state_dir import Folders

SMALL_SERVICE = str(Path(__file__).with_name("small_service.py"))
PYTHON = sys._base_executable  # type: ignore[attr-defined]  # CPython has it
PATH = os.environ["PATH"]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
EDGE = Edge(http=0, routes=(Route("/", "web"),), address="127.0.0.1")


class Machine:
    """One environment, whose target has the fence 1."""

    def __init__(self, root: Path) -> None:
        self.folders = Folders(root / "state", root / "keys")
        environment = Environment("shop", "local", "process", str(self.folders.state), str(self.folders.keys))
        sealed = SealedFile(self.folders.sealed, self.folders.secret_key)
        host = Host(environment, self.folders, Shell(), sealed, SystemClock())
        self.target = ProcessTarget(
            self.folders, Parts(lambda: offline, lambda: HostStorage(host), lambda: requests, lambda: endpoints)
        ).for_run(1)
        self.instance_runner = ProcessRunner(self.folders.instances)
        self.job_runner = ProcessRunner(self.folders.jobs)

    def wait_until(self, true: Callable[[], object], what: str = "it", within: float = 20) -> None:
        Waiter(SystemClock()).wait_until(lambda: bool(true()) or None, within=within, waiting_for=what, every=0.02)

    def supervisor(self) -> ProcessId | None:
        """The process that listens on the supervisor's socket, by the socket's credentials."""
        with closing(socket.socket(socket.AF_UNIX)) as connection:
            try:
                connection.connect(str(self.folders.supervisor_socket))
            except OSError:
                return None
            peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return processes.find(int.from_bytes(peer[:4], sys.byteorder))

    def kill_supervisor(self) -> None:
        process = self.supervisor()
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        self.wait_until(lambda: not processes.is_alive(process), "the supervisor's end")

    def restart_supervisor(self) -> None:
        self.kill_supervisor()
        self.target.start()

    def instances_of(self, release: int, service: str = "web") -> list[Instance]:
        every = self.target.fleet_status().instances
        return [one for one in every if one.service == service and one.release == release]

    def is_ready(self, release: int, count: int = 1, service: str = "web") -> bool:
        return sum(one.state == "ready" for one in self.instances_of(release, service)) == count

    def start_fleet(self, member: Member, release: int = 1, service: str = "web") -> list[Instance]:
        """Start the instances of *member*, and wait until they are ready."""
        self.target.set_fleet({service: {release: member}})
        self.wait_until(lambda: self.is_ready(release, member.count, service), f"{service}@{release}")
        return self.instances_of(release, service)

    def end_fleet(self, service: str) -> None:
        """Stop the instances of *service*, the only service, and wait until they are gone."""
        self.target.set_fleet({service: {}})
        self.wait_until(lambda: not self.target.fleet_status().instances, "its end")

    def wait_for_state(self, state: InstanceState, service: str = "web") -> Instance:
        """Wait until the only instance of SERVICE@1 has *state*, and return it."""
        self.wait_until(lambda: [one.state for one in self.instances_of(1, service)] == [state], state)
        return self.instances_of(1, service)[0]

    def last_exit(self, service: str = "web") -> Exit:
        """How the first instance of SERVICE@1 ended."""
        found = self.instances_of(1, service)[0].last_exit
        assert found is not None
        return found

    def process_of(self, identity: str) -> ProcessId:
        process = self.instance_runner.alive(identity)
        assert process is not None
        return process

    def start_release_1(self) -> None:
        """Start two instances of web@1 behind the edge, and send all traffic to them."""
        self.target.set_edge(EDGE)
        self.start_fleet(member(service(), 2))
        self.target.set_traffic((Shift({"web": {1: 100.0}}),))
        self.wait_for_traffic({1: 100.0})

    def wait_for_traffic(self, shares: Shares) -> None:
        self.wait_until(lambda: self.target.traffic_status().actual.get("web") == shares, f"traffic {shares}")

    def environment_of(self, release: int = 1) -> dict[str, str]:
        """The environment variables and the pid of the small service web@*release*, from its own response."""
        return environment_at(f"http://{self.instances_of(release)[0].address}/")

    def running_processes(self) -> list[ProcessId]:
        """Every running process of the environment, by its notes."""
        runners = (self.instance_runner, self.job_runner)
        return [one for runner in runners for name in identities(runner) if (one := runner.alive(name))]

    def kill_all(self) -> None:
        """Kill everything that this environment started.

        A stub cannot be found before it has written its note, and would become the service after the end of the test.
        """
        if self.supervisor():
            self.kill_supervisor()
        for runner in (self.instance_runner, self.job_runner):
            for name in identities(runner):
                self.wait_until(lambda r=runner, n=name: r.alive(n) or not r.starting(n), "the note of the stub")  # type: ignore[misc]  # bound at once
                if started := runner.started(name):
                    runner.end_all(name, started)
        self.wait_until(lambda: not self.running_processes(), "the end of all processes")
        limits = ResourceLimits(self.folders.state)
        for name in identities(self.instance_runner):
            limits.remove(name)
        limits.close()

    def reboot(self) -> None:
        """Kill every process, remove the sockets, and change the boot id in every note."""
        self.kill_all()
        for path in self.folders.state.glob("*/*/started"):
            path.write_text(json.dumps(json.loads(path.read_text()) | {"boot": "an-earlier-one"}))
        shutil.rmtree(self.folders.sockets)


def environment_at(url: str) -> dict[str, str]:
    """The environment variables and the pid of the small service that responds at *url*."""
    with urllib.request.urlopen(url, timeout=5) as response:
        found: dict[str, str] = json.load(response)
    return found


def identities(runner: ProcessRunner) -> list[str]:
    """Every identity that has a folder of *runner*'s."""
    folder = runner.place("")
    return sorted(os.listdir(folder)) if folder.is_dir() else []


@contextmanager
def temporary_machine() -> Iterator[Machine]:
    """An environment of its own, under a short path that services of other users can pass."""
    root = Path(tempfile.mkdtemp(prefix="mainstay-"))
    root.chmod(0o755)
    machine = Machine(root)
    try:
        yield machine
    finally:
        machine.kill_all()
        for folder, _, _ in os.walk(root):
            os.chmod(folder, 0o755)  # Content is read-only, also for this user when it is not root.
        shutil.rmtree(root)


def service(name: str = "web", *, environment: dict[str, Value] | None = None, **fields: object) -> Workload:
    """The small service, with *environment* added to its variables."""
    given: dict[str, object] = {
        "health": Health("http", ready="/health", every_s=0.1),
        "steady_s": 0.2,
        "drain_s": 3.0,
        "stop_grace_s": 1.0,
        "folder": "/",
    }
    variables = {"PATH": PATH} | (environment or {})
    return Workload(name, (PYTHON, SMALL_SERVICE), environment=variables, **(given | fields))  # type: ignore[arg-type]  # checked by name


def worker(*command: str, name: str = "worker", **fields: object) -> Workload:
    """A service without a port."""
    given: dict[str, object] = {"steady_s": 0.2, "stop_grace_s": 1.0, "folder": "/", "listens": False}
    return Workload(name, command, environment={"PATH": PATH}, **(given | fields))  # type: ignore[arg-type]  # checked by name


def member(workload: Workload, count: int = 1) -> Member:
    return Member(workload, count, "1.0.0")


def shell_job(identity: str, script: str, within_s: float = 60) -> Job:
    return Job(identity, "A job", ("sh", "-c", script), "/", {"PATH": PATH}, within_s=within_s)


def count_lines(path: Path) -> int:
    """The number of lines in *path*, to which each process appends one when it starts; 0 without the file."""
    return len(path.read_text().splitlines()) if path.exists() else 0
