"""An edge as in production, with its log reader."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from mainstay.drivers.edge.haproxy.access_log import AccessLog
from mainstay.drivers.edge.haproxy.desired_edge import DesiredEdge, Upstream
from mainstay.drivers.edge.haproxy.proxy import Proxy
from mainstay.drivers.edge.haproxy.slots import slots
from mainstay.manifest.edge.headers import to_headers
from mainstay.model import Edge, Redirect, Route, Shares
from mainstay.model.cors import Cors
from mainstay.model.error_page import ErrorPage
from mainstay.model.limits import Limits, Rate
from mainstay.model.tls import Tls
from mainstay.system.process_runner import ProcessRunner
from mainstay.system.state_dir import Folders
from tests.drivers.edge.haproxy.http_load import free_port

UNLIMITED = Rate(1_000_000_000, 60)
"""A rate that no client exceeds: it is counted all the same."""


def bare() -> Edge:
    """An edge with one route and no feature."""
    return Edge(http=free_port(), routes=(Route("/", "web"),))


def with_everything(*, tls: bool) -> Edge:
    """An edge with every feature that a request or a response can meet."""
    secure = {"https": free_port(), "tls": Tls(hsts_s=31_536_000)} if tls else {}
    return Edge(
        http=free_port(),
        routes=(
            Route("/", "web"),
            Route("/api", "web"),
            Route("/old", "web", strip=True),
            Route("/", "web", host="*.shop.example"),
        ),
        release_header=True,
        headers=to_headers({}),
        cors=Cors(("https://shop.example",)),
        compress=True,
        pages=(ErrorPage(503, "<h1>Back soon</h1>"),),
        redirects=(Redirect("", "/blog", "/articles"),),
        limits=Limits(
            body_bytes=1_000_000,
            headers_bytes=8192,
            connections=1000,
            per_client=UNLIMITED,
            routes=(("/api", UNLIMITED),),
        ),
        trusted_proxies=("10.0.0.0/8",),
        **secure,  # type: ignore[arg-type]  # the two fields of TLS
    )


@dataclass
class RunningEdge:
    """An edge in front of release 41 and release 42 of the service `web`."""

    edge: Edge
    folders: Folders
    proxy: Proxy
    upstreams: dict[str, Upstream]
    ports: dict[str, int]

    async def set_traffic(self, shares: Shares) -> None:
        wanted = DesiredEdge(self.edge, {"web": 6}, traffic={"web": shares}, upstreams=self.upstreams)
        await self.proxy.converge(self.edge, self.ports, slots(wanted))

    def cpu_s(self) -> float:
        """Return HAProxy's CPU seconds so far. Other work on the machine affects them less than the request rate."""
        process = self.proxy.process.running()
        assert process is not None
        master = psutil.Process(process.pid)
        times = [one.cpu_times() for one in (master, *master.children())]
        return sum(one.user + one.system for one in times)

    async def lines_lost(self) -> int:
        """Return how many lines of the access log HAProxy has dropped because the reader was too slow."""
        return (await self.proxy.worker()).dropped_lines


@asynccontextmanager
async def running_edge(
    sandbox: Path, edge: Edge, old: int, new: int, *, reads: bool = True
) -> AsyncIterator[RunningEdge]:
    """Run *edge* with all traffic at the backend at port *old*; its state is in a folder of its own in *sandbox*.

    *reads*: whether this process reads the access log.
    """
    folders = Folders(sandbox / f"{edge.http}" / "state", sandbox / f"{edge.http}" / "keys")
    for folder in (folders.state.parent, folders.state):
        folder.mkdir(mode=0o711)  # When run as root, HAProxy's workers run as another user.
    proxy, log = Proxy(folders, ProcessRunner(folders.instances)), AccessLog(folders)
    upstreams = {
        "web-41-1": Upstream("web", 41, 1, old, ready=True),
        "web-42-1": Upstream("web", 42, 2, new, ready=True),
    }
    running = RunningEdge(edge, folders, proxy, upstreams, {"listener:web": free_port()})
    if reads:
        await log.start()
    try:
        await running.set_traffic({41: 100})
        yield running
    finally:
        await proxy.process.stop()
        await log.stop()
