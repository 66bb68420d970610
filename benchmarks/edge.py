"""The edge's overhead and the effect of a switch: HAProxy with every feature on, compared with direct requests.

`python -m benchmarks.edge` prints a table and writes `benchmarks/results/edge.json`. The backends are HAProxy too: they
answer faster than anything that a service could be. Load goes to 127.0.0.1, bounded in count and time; wrk makes
the load if it is installed; otherwise our own client, which is slower.
"""

import asyncio
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from benchmarks.machine import write
from mainstay.drivers.edge.haproxy.access_log import AccessLog
from mainstay.drivers.edge.haproxy.process import Proxy
from mainstay.drivers.edge.haproxy.program import binary
from mainstay.drivers.edge.haproxy.slots import DesiredEdge, Upstream, slots
from mainstay.model import Edge, Route, Shares
from mainstay.system.process_runner import ProcessRunner
from mainstay.system.state_dir import Folders
from tests.drivers.edge.haproxy.http_load import Tally, free_port, load, wait_until

CONNECTIONS, SECONDS, ROUNDS = 32, 4, 3
RATE, SWITCHES, PACED_SECONDS = 500, 20, 8
BACKEND = """\
global
  nbthread 1
defaults
  mode http
  timeout client 60s
frontend backend
  bind 127.0.0.1:{port}
  http-request return status 200 content-type text/plain string "{name}"
"""


async def main() -> None:
    sandbox = Path(tempfile.mkdtemp(prefix="ms-"))
    sandbox.chmod(0o711)  # When run as root, HAProxy's workers run as another user and must reach this folder.
    folders = Folders(sandbox / "state", sandbox / "keys")
    folders.state.mkdir(mode=0o711)
    try:
        async with backend(sandbox, "old") as old, backend(sandbox, "new") as new:
            measured = await measure(folders, old, new)
    finally:
        shutil.rmtree(sandbox)
    report(measured)


@asynccontextmanager
async def backend(sandbox: Path, name: str) -> AsyncIterator[int]:
    port = free_port()
    configuration = sandbox / f"{name}.cfg"
    configuration.write_text(BACKEND.format(port=port, name=name))
    process = await asyncio.create_subprocess_exec(binary(), "-db", "-f", str(configuration))
    try:
        yield port
    finally:
        process.terminate()
        await process.wait()


async def measure(folders: Folders, old: int, new: int) -> dict[str, float]:
    edge = Edge(http=free_port(), routes=(Route("/", "web"),), release_header=True)
    ports = {"listener:web": free_port()}
    proxy, log = Proxy(folders, ProcessRunner(folders.instances)), AccessLog(folders)

    async def set_traffic(shares: Shares) -> None:
        instances = {
            "web-41-1": Upstream("web", 41, 1, old, ready=True),
            "web-42-1": Upstream("web", 42, 2, new, ready=True),
        }
        wanted = DesiredEdge(edge, {"web": 6}, traffic={"web": shares}, upstreams=instances)
        await proxy.converge(edge, ports, slots(wanted))

    await log.start()
    try:
        await set_traffic({41: 100})
        before = cpu_s(proxy)
        found = await saturated(old, edge.http)
        found["edge_cpu_us"] = (cpu_s(proxy) - before) / found.pop("edge_requests") * 1e6
        found["log_lines_lost"] = (await proxy.worker()).dropped_lines
        return found | await switched(edge.http, set_traffic)
    finally:
        await proxy.stop()
        await log.stop()


async def saturated(direct: int, edge: int) -> dict[str, float]:
    """Measure the maximum request rate, directly and through the edge, in turns."""
    rounds = [(await saturate(direct), await saturate(edge)) for _ in range(ROUNDS)]
    return {
        "direct_per_s": statistics.median(one[0][0] for one in rounds),
        "edge_per_s": statistics.median(one[1][0] for one in rounds),
        "edge_of_direct": statistics.median(one[1][0] / one[0][0] for one in rounds),
        "edge_requests": sum(one[1][0] for one in rounds) * SECONDS,
        "direct_p99_ms": statistics.median(one[0][1] for one in rounds),
        "edge_p99_ms": statistics.median(one[1][1] for one in rounds),
    }


def cpu_s(proxy: Proxy) -> float:
    """Return HAProxy's CPU seconds so far. Other work on the machine affects them less than the request rate."""
    process = proxy.process()
    assert process is not None
    master = psutil.Process(process.pid)
    times = [one.cpu_times() for one in (master, *master.children())]
    return sum(one.user + one.system for one in times)


async def saturate(port: int) -> tuple[float, float]:
    """Return the requests per second, and the 99th percentile of the latency in ms."""
    if not shutil.which("wrk"):
        async with load(port, rate=1_000_000, clients=CONNECTIONS) as tally:
            await asyncio.sleep(SECONDS)
        return tally.total / SECONDS, p99_ms(tally.took_s)
    command = ("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", f"http://127.0.0.1:{port}/items?q=7")
    wrk = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    printed = (await wrk.communicate())[0].decode()
    assert "Non-2xx" not in printed, printed
    number, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", printed)[0]
    per_second = float(re.findall(r"Requests/sec:\s+([\d.]+)", printed)[0])
    return per_second, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


async def switched(port: int, set_traffic: Callable[[Shares], Awaitable[None]]) -> dict[str, float]:
    """Switch between old and new under a paced load, and compare with the same load without switches."""
    async with load(port, rate=RATE) as quiet:
        await asyncio.sleep(PACED_SECONDS)
    took: list[float] = []
    async with load(port, rate=RATE) as busy:
        for number in range(SWITCHES):
            await asyncio.sleep(PACED_SECONDS / SWITCHES)
            began = time.perf_counter()
            await set_traffic({41 + (number + 1) % 2: 100})
            took.append(1000 * (time.perf_counter() - began))
    await wait_until(lambda: both_seen(busy))
    return {
        "switches": SWITCHES,
        "requests_while_switching": busy.total,
        "lost": len(busy.lost) + len(quiet.lost),
        "switch_ms": statistics.median(took),
        "quiet_p99_ms": p99_ms(quiet.took_s),
        "switching_p99_ms": p99_ms(busy.took_s),
        "p99_ratio": p99_ms(busy.took_s) / p99_ms(quiet.took_s),
    }


def both_seen(tally: Tally) -> bool:
    return {"old", "new"} <= tally.answers.keys()


def p99_ms(took_s: list[float]) -> float:
    return statistics.quantiles(took_s, n=100)[98] * 1000


def report(measured: dict[str, float]) -> None:
    budgets = {
        "edge_per_s": measured["edge_per_s"] >= 40_000,
        "edge_p99_ms": measured["edge_p99_ms"] <= 5,
        "lost": measured["lost"] == 0,
        "p99_ratio": measured["p99_ratio"] <= 2,
    }
    print("| figure | measured | budget met |\n|---|---:|---|")
    for name, value in measured.items():
        print(f"| {name} | {value:,.2f} | {('yes' if budgets[name] else 'NO') if name in budgets else ''} |")
    document = {
        "load_by": "wrk" if shutil.which("wrk") else "own client",
        "measured": measured,
        "met": budgets,
    }
    write("edge", document)


if __name__ == "__main__":
    asyncio.run(main())
