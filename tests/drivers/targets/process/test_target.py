"""Plain processes keep the contract, with the real supervisor and the real edge."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from mainstay.drivers.edge.haproxy.runtime_api import RuntimeApi
from mainstay.drivers.targets.target import RunTarget
from mainstay.model import Artifact, Job, Member, Source, SourceTree
from mainstay.system import file_tree
from mainstay.system.clock import SystemClock
from mainstay.system.state_dir import SYSTEM_PATH
from tests.contracts.target import FENCE, TargetContract
from tests.drivers.machine.place import a_place, identities, member, shell_job, worker
from tests.drivers.machine.place import service as small


class TestProcessTarget(TargetContract):
    clock = SystemClock()

    @pytest.fixture
    def target(self, tmp_path: Path) -> Iterator[RunTarget]:
        self.sick = tmp_path / "sick"
        self.open: list[socket.socket] = []
        with a_place() as self.place:
            yield self.place.target.for_run(FENCE)
        for connection in self.open:
            connection.close()

    @contextmanager
    def edge_unable_to_serve(self, target: RunTarget) -> Iterator[str]:
        port = int(target.traffic_status().url.rpartition(":")[2])
        target.stop()
        self.eventually(lambda: not target.fleet_status().started and not target.fleet_status().instances, "the stop")
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", port))
            other.listen()
            target.start()
            yield f"port {port} is taken by python"
            assert f"(pid {os.getpid()})" in str(target.traffic_status().problem)

    def member(self, service: str = "web", count: int = 1, *, drain_s: float = 3.0) -> Member:
        return member(small(service, told={"SICK_WHEN": str(self.sick)}, drain_s=drain_s), count)

    def worker(self, *lines: str) -> Member:
        return member(worker("sh", "-c", "\n".join([*(f"echo {line}" for line in lines), "exec sleep 60"])))

    def job(self, identity: str, *, takes_s: float = 0) -> Job:
        return shell_job(identity, f"sleep {takes_s}")

    def ask(self, target: RunTarget, *, takes_s: float) -> None:
        connection = socket.create_connection(("127.0.0.1", int(target.traffic_status().url.rpartition(":")[2])), 20)
        self.open.append(connection)
        connection.sendall(f"GET /slow={takes_s} HTTP/1.1\r\nHost: web\r\n\r\n".encode())
        edge = RuntimeApi(self.place.folders.haproxy_socket, self.place.folders.sockets / "master.sock")
        self.eventually(lambda: sum(asyncio.run(edge.requests_in_flight()).values()) > 0, "the request in flight")

    @contextmanager
    def another_program(self, port: int) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", port)):
            yield psutil.Process().name()

    def artifact(self, key: str, *, takes_s: float = 0) -> Artifact:
        source = self.sick.with_name(key)
        source.mkdir()
        (source / "app.py").write_text("print(1)")
        build = (("sh", "-c", f"sleep {takes_s}"),)
        return SourceTree(key, file_tree.measure(source).digest, Source(str(source)), build, path=SYSTEM_PATH)

    def damage(self, artifact: Artifact) -> None:
        content = self.place.folders.content(artifact.key)
        content.chmod(0o755)
        (content / "app.py").unlink()

    def set_ready(self, release: int, ready: bool) -> None:
        sick = Path(f"{self.sick}-{release}")
        if ready:
            sick.unlink()
        else:
            sick.touch()

    def lose(self, target: RunTarget) -> None:
        self.place.kill_supervisor()
        for name in identities(self.place.instances):
            if started := self.place.instances.started(name):
                self.place.instances.end_all(name, started)
        self.place.until(lambda: not self.place.processes(), "the end of all processes")
