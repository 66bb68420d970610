"""The process target satisfies the contract, with the real supervisor and the real edge."""

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
from tests.drivers.machine.machine import identities, member, shell_job, temporary_machine, worker
from tests.drivers.machine.machine import service as small


class TestProcessTarget(TargetContract):
    clock = SystemClock()

    @pytest.fixture
    def target(self, tmp_path: Path) -> Iterator[RunTarget]:
        self.unready = tmp_path / "unready"
        self.open: list[socket.socket] = []
        with temporary_machine() as self.machine:
            yield self.machine.target.for_run(FENCE)
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
        return member(small(service, environment={"UNREADY_WHEN": str(self.unready)}, drain_s=drain_s), count)

    def worker(self, *lines: str) -> Member:
        return member(worker("sh", "-c", "\n".join([*(f"echo {line}" for line in lines), "exec sleep 60"])))

    def job(self, identity: str, *, takes_s: float = 0) -> Job:
        return shell_job(identity, f"sleep {takes_s}")

    def start_request(self, target: RunTarget, *, takes_s: float) -> None:
        connection = socket.create_connection(("127.0.0.1", int(target.traffic_status().url.rpartition(":")[2])), 20)
        self.open.append(connection)
        connection.sendall(f"GET /slow={takes_s} HTTP/1.1\r\nHost: web\r\n\r\n".encode())
        edge = RuntimeApi(self.machine.folders.haproxy_socket, self.machine.folders.sockets / "master.sock")
        self.eventually(lambda: sum(asyncio.run(edge.requests_in_flight()).values()) > 0, "the request in flight")

    @contextmanager
    def another_program(self, port: int) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", port)):
            yield psutil.Process().name()

    def artifact(self, key: str, *, takes_s: float = 0) -> Artifact:
        source = self.unready.with_name(key)
        source.mkdir()
        (source / "app.py").write_text("print(1)")
        build = (("sh", "-c", f"sleep {takes_s}"),)
        return SourceTree(key, file_tree.measure(source).digest, Source(str(source)), build, path=SYSTEM_PATH)

    def damage(self, artifact: Artifact) -> None:
        content = self.machine.folders.content(artifact.key)
        content.chmod(0o755)
        (content / "app.py").unlink()

    def set_ready(self, release: int, ready: bool) -> None:
        unready = Path(f"{self.unready}-{release}")
        if ready:
            unready.unlink()
        else:
            unready.touch()

    def lose(self, target: RunTarget) -> None:
        self.machine.kill_supervisor()
        for name in identities(self.machine.instance_runner):
            if started := self.machine.instance_runner.started(name):
                self.machine.instance_runner.end_all(name, started)
        self.machine.wait_until(lambda: not self.machine.running_processes(), "the end of all processes")
