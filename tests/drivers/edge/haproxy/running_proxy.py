"""A running HAProxy in front of two small backends, for tests of the edge."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mainstay.drivers.edge.haproxy.access_lines import AccessLogEntry, read
from mainstay.drivers.edge.haproxy.access_log import AccessLog
from mainstay.drivers.edge.haproxy.desired_edge import DesiredEdge, Upstream
from mainstay.drivers.edge.haproxy.process import ID
from mainstay.drivers.edge.haproxy.proxy import Proxy
from mainstay.drivers.edge.haproxy.slots import Slot, slots
from mainstay.model import Edge, Route, Shares
from mainstay.system.process_runner import ProcessRunner
from mainstay.system.processes import ProcessId
from mainstay.system.state_dir import Folders
from tests.drivers.edge.haproxy.http_load import Backend, Client, Response, free_port, wait_until

LINE = (
    b'{"at":"2026-11-21T13:18:17.120Z","door":"door:8080","service":"web","slot":"web.s2","release":"41",'
    b'"method":"GET","path":"\\/a","status":200,"bytes":51,"request_ms":0,"queue_ms":0,"connect_ms":1,'
    b'"answer_ms":2,"total_ms":3,"ended":"--","retries":"+1","id":"abc"}'
)
"""A line of the access log."""


@dataclass
class RunningProxy:
    """Service `web` with release 41 in slot 1 and release 42 in slot 2."""

    folders: Folders
    front_port: int
    listener_port: int
    old: Backend
    new: Backend
    proxy: Proxy
    log: AccessLog
    edge: Edge
    counts: dict[str, int]
    """The number of slots of each service."""
    preview: dict[str, int] = field(default_factory=dict)
    """The release of each service behind the preview door."""
    replaced: dict[str, int] = field(default_factory=dict)
    """The release of each service that the previewed one replaces."""

    @property
    def ports(self) -> dict[str, int]:
        return {"listener:web": self.listener_port}

    def slots(self, shares: Shares, *, without: tuple[int, ...] = ()) -> tuple[Slot, ...]:
        """The slots for *shares*, without the instances of the releases *without*."""
        instances = {
            f"web-{release}-1": Upstream("web", release, slot, backend.port, ready=True)
            for slot, (release, backend) in enumerate(((41, self.old), (42, self.new)), 1)
            if release not in without
        }
        return slots(
            DesiredEdge(
                self.edge,
                self.counts,
                traffic={"web": shares},
                preview=self.preview,
                replaced=self.replaced,
                upstreams=instances,
            )
        )

    async def set_shares(self, shares: Shares, *, without: tuple[int, ...] = ()) -> None:
        await self.proxy.converge(self.edge, self.ports, self.slots(shares, without=without))

    async def request(self, path: str = "/", *, method: str = "GET", headers: dict[str, str] | None = None) -> str:
        client = Client(self.front_port, keep_alive=False)
        answer = await client.request(path, method=method, headers=headers)
        return f"{answer.status} {answer.body}"

    async def preview_response(self, path: str = "/", *, headers: dict[str, str] | None = None) -> Response:
        """Return the response to a request through the preview door."""
        return await Client(self.folders.preview_socket, keep_alive=False).request(path, headers=headers)

    def pids(self, process: ProcessId) -> tuple[int, ...]:
        """The pids of HAProxy's master *process* and its workers."""
        return ProcessRunner(self.folders.instances).members(ID, process)

    def reopened(self) -> Proxy:
        """Return the proxy as a restarted supervisor opens it."""
        return Proxy(self.folders, ProcessRunner(self.folders.instances))

    def log_entries(self) -> list[AccessLogEntry]:
        path = self.folders.logs / "edge" / "access.log"
        found = [read(line) for line in path.read_bytes().splitlines()] if path.exists() else []
        return [entry for entry in found if isinstance(entry, AccessLogEntry)]

    async def wait_for_log_entries(self, count: int) -> list[AccessLogEntry]:
        await wait_until(lambda: len(self.log_entries()) >= count)
        return self.log_entries()


@asynccontextmanager
async def running_proxy(edge: Edge | None = None, counts: dict[str, int] | None = None) -> AsyncIterator[RunningProxy]:
    """Run HAProxy, which sends all traffic to release 41 at first; remove everything after the block."""
    root = Path(tempfile.mkdtemp(prefix="ms-"))
    os.chmod(root, 0o711)  # As root, HAProxy's workers run as another user.
    folders = Folders(root / "state", root / "keys")
    folders.state.mkdir(mode=0o711)
    edge = edge or Edge(http=free_port(), routes=(Route("/", "web"),), release_header=True)
    old, new = Backend("old", free_port()), Backend("new", free_port())
    proxy, log = Proxy(folders, ProcessRunner(folders.instances)), AccessLog(folders)
    running = RunningProxy(folders, edge.http, free_port(), old, new, proxy, log, edge, counts or {"web": 6})
    await log.start()
    await old.start()
    await new.start()
    try:
        await running.set_shares({41: 100})
        yield running
    finally:
        await proxy.process.stop()
        old.kill()
        new.kill()
        await log.stop()
        shutil.rmtree(root)
