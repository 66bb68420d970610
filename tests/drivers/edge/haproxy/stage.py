"""A real HAProxy in front of two small backends, for the tests of the edge."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mainstay.drivers.edge.haproxy.access_lines import Entry, read
from mainstay.drivers.edge.haproxy.access_log import AccessLog
from mainstay.drivers.edge.haproxy.process import ID, Proxy
from mainstay.drivers.edge.haproxy.slots import DesiredEdge, Slot, Upstream, slots
from mainstay.model import Edge, Route, Shares
from mainstay.system.process_runner import ProcessRunner
from mainstay.system.processes import Started
from mainstay.system.state_dir import Folders
from tests.drivers.edge.haproxy.traffic import Backend, Client, free_port, until


@dataclass
class Stage:
    """Service `web` with release 41 in slot 1 and release 42 in slot 2."""

    folders: Folders
    front: int
    inner: int
    old: Backend
    new: Backend
    proxy: Proxy
    log: AccessLog
    edge: Edge
    counts: dict[str, int]
    """The number of slots of each service."""

    @property
    def ports(self) -> dict[str, int]:
        return {"listener:web": self.inner}

    def slots(self, shares: Shares, *, without: tuple[int, ...] = ()) -> tuple[Slot, ...]:
        """The slots for *shares*, with the releases *without* gone."""
        instances = {
            f"web-{release}-1": Upstream("web", release, slot, backend.port, ready=True)
            for slot, (release, backend) in enumerate(((41, self.old), (42, self.new)), 1)
            if release not in without
        }
        return slots(DesiredEdge(self.edge, self.counts, traffic={"web": shares}, upstreams=instances))

    async def give(self, shares: Shares, *, without: tuple[int, ...] = ()) -> None:
        await self.proxy.converge(self.edge, self.ports, self.slots(shares, without=without))

    async def asks(self, path: str = "/", *, method: str = "GET", headers: dict[str, str] | None = None) -> str:
        client = Client(self.front, keeps=False)
        answer = await client.ask(path, method=method, headers=headers)
        return f"{answer.status} {answer.body}"

    def members(self, process: Started) -> tuple[int, ...]:
        """The pids of HAProxy's master *process* and its workers."""
        return ProcessRunner(self.folders.instances).members(ID, process)

    def another(self) -> Proxy:
        """As a supervisor that was killed and started again sees it."""
        return Proxy(self.folders, ProcessRunner(self.folders.instances))

    def logged(self) -> list[Entry]:
        path = self.folders.logs / "edge" / "access.log"
        found = [read(line) for line in path.read_bytes().splitlines()] if path.exists() else []
        return [entry for entry in found if isinstance(entry, Entry)]

    async def until_logged(self, count: int) -> list[Entry]:
        await until(lambda: len(self.logged()) >= count)
        return self.logged()


@asynccontextmanager
async def stage(edge: Edge | None = None, counts: dict[str, int] | None = None) -> AsyncIterator[Stage]:
    """HAProxy serves release 41 when the block begins; all is gone when it has ended."""
    place = Path(tempfile.mkdtemp(prefix="ms-"))
    os.chmod(place, 0o711)  # HAProxy's workers have another user, as root.
    folders = Folders(place / "state", place / "keys")
    folders.state.mkdir(mode=0o711)
    front = free_port()
    given = edge or Edge(http=front, routes=(Route("/", "web"),), release_header=True)
    old, new = Backend("old", free_port()), Backend("new", free_port())
    proxy, log = Proxy(folders, ProcessRunner(folders.instances)), AccessLog(folders)
    here = Stage(folders, given.http or front, free_port(), old, new, proxy, log, given, counts or {"web": 6})
    await log.start()
    await old.start()
    await new.start()
    try:
        await here.give({41: 100})
        yield here
    finally:
        await proxy.stop()
        old.kill()
        new.kill()
        await log.stop()
        shutil.rmtree(place)
