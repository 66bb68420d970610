"""Plain processes keep the contract, with the real supervisor and the real edge."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mainstay.clock import SystemClock
from mainstay.release import Job, Member
from mainstay.supervisor.admin import Admin
from mainstay.targets import Target
from mainstay.targets.process import ProcessTarget
from tests.contracts.target import FENCE, TargetContract
from tests.supervisor.place import a_place, member, shell_job
from tests.supervisor.place import service as small


class TestProcessTarget(TargetContract):
    clock = SystemClock()

    @pytest.fixture
    def target(self) -> Iterator[ProcessTarget]:
        self.open: list[socket.socket] = []
        with a_place() as self.place:
            yield self.place.target
        for connection in self.open:
            connection.close()

    @contextmanager
    def edge_unable_to_serve(self, target: Target) -> Iterator[str]:
        port = int(target.serving().url.rpartition(":")[2])
        target.sleep(FENCE)
        self.eventually(lambda: not target.running().awake and not target.running().instances, "the stop")
        with socket.socket() as other:
            other.bind(("127.0.0.1", port))
            other.listen()
            target.wake()
            yield f"port {port} is taken by python"
            assert f"(pid {os.getpid()})" in target.serving().trouble

    def member(self, service: str = "web", count: int = 1) -> Member:
        return member(small(service), count)

    def job(self, identity: str, *, takes_s: float = 0) -> Job:
        return shell_job(identity, f"sleep {takes_s}")

    def ask(self, target: Target, *, takes_s: float) -> None:
        connection = socket.create_connection(("127.0.0.1", int(target.serving().url.rpartition(":")[2])), 20)
        self.open.append(connection)
        connection.sendall(f"GET /slow={takes_s} HTTP/1.1\r\nHost: web\r\n\r\n".encode())
        edge = Admin(self.place.folders.haproxy_socket, self.place.folders.sockets / "master.sock")
        self.eventually(lambda: sum(asyncio.run(edge.in_use()).values()) > 0, "the request in flight")
