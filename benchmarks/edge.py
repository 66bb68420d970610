"""The edge with every feature on, beside nginx with as much, bare Caddy and kamal-proxy, with TLS and without.

`python -m benchmarks.edge` prints a table and writes `benchmarks/results/edge.json`. All lead to the same backend, and
take turns: a disturbance on the machine affects all of them. Each has a core for itself and the reader of its log; the
load and the backend have the other cores, because in production they are other machines. A peer that cannot be had is
left out. Load goes to 127.0.0.1, bounded in time.
"""

import asyncio
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.budgets import report
from benchmarks.cores import LOAD, MEASURED, on
from benchmarks.peers import Missing, Peer, Ports, caddy, kamal_proxy, nginx, running
from benchmarks.running_edge import RunningEdge, bare, running_edge, with_everything
from benchmarks.wrk import Saturated, saturate
from mainstay.drivers.edge.haproxy.certificates import PEM
from tests.drivers.edge.haproxy.fast_load import fast_backend
from tests.drivers.edge.haproxy.http_load import Client, free_port, wait_until

SECONDS, ROUNDS = 3, 5
AT_LEAST = {"edge_of_caddy": 2.5, "edge_tls_of_caddy_tls": 1.5}
AT_MOST = {"edge_p99_of_caddy": 0.5, "lines_lost": 0}
BODY = '{"id":7,"name":"anvil","price":1299}'.replace('"', '\\"')
TLS = "_tls"


async def main() -> int:
    sandbox = Path(tempfile.mkdtemp(prefix="ms-"))
    sandbox.chmod(0o711)  # When run as root, HAProxy's workers run as another user and must reach this folder.
    peers = list(found())
    try:
        with on(MEASURED):
            measured = await measure(sandbox, peers)
    finally:
        shutil.rmtree(sandbox)
    versions = {peer.name: peer.version for peer in peers}
    return report("edge", measured, at_least=AT_LEAST, at_most=AT_MOST, about={"packages": versions})


def found() -> Iterator[Peer]:
    """Yield the peers that can be had, and report the others."""
    for peer in (nginx, caddy, kamal_proxy):
        try:
            yield peer()
        except Missing as error:
            print(f"left out: {error}", file=sys.stderr)


async def measure(sandbox: Path, peers: Sequence[Peer]) -> dict[str, float]:
    async with AsyncExitStack() as stack:
        with on(LOAD):
            port = await stack.enter_async_context(fast_backend(sandbox, BODY))
        edges = {
            name: await stack.enter_async_context(running_edge(sandbox, edge, port, port))
            for name, edge in {
                "bare": bare(), "edge": with_everything(tls=False), f"edge{TLS}": with_everything(tls=True)
            }.items()
        }  # fmt: skip
        doors = {"direct": port} | {name: each.edge.https or each.edge.http for name, each in edges.items()}
        certificate = edges[f"edge{TLS}"].folders.edge / PEM
        for peer in peers:
            ports = Ports(free_port(), free_port(), port)
            await stack.enter_async_context(running(peer, ports, certificate, sandbox / peer.name))
            await wait_until(lambda at=ports.http: answers(at))
            doors |= {peer.name: ports.http} | ({f"{peer.name}{TLS}": ports.https} if peer.tls else {})
        rounds = [await one_round(doors, edges) for _ in range(ROUNDS)]
        lost = sum([await each.lines_lost() for each in edges.values()])
    return figures(rounds) | {"lines_lost": lost}


async def answers(port: int) -> bool:
    try:
        return (await Client(port, keep_alive=False).request()).status == 200
    except OSError:
        return False


async def one_round(doors: dict[str, int], edges: dict[str, RunningEdge]) -> dict[str, float]:
    """Return the figures of each door, one after the other."""
    seen: dict[str, float] = {}
    for name, port in doors.items():
        before = edges[name].cpu_s() if name in edges else 0
        found: Saturated = await saturate(
            f"http{'s' if name.endswith(TLS) else ''}://127.0.0.1:{port}/items?q=7", SECONDS, cores=LOAD
        )
        seen |= {f"{name}_per_s": found.per_s, f"{name}_p99_ms": found.p99_ms}
        if name in edges:
            seen[f"{name}_cpu_us"] = (edges[name].cpu_s() - before) / (found.per_s * SECONDS) * 1e6
    return seen


def figures(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of every figure, and of the ratios of each round."""
    medians = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    pairs = [("edge", "bare"), ("edge", "nginx"), ("edge", "caddy")]
    pairs += [(f"edge{TLS}", f"{peer}{TLS}") for _, peer in pairs[1:]] + [("edge", "direct")]
    pairs += [(ours, "kamal_proxy") for ours in ("edge", "bare")]
    if "caddy_p99_ms" in medians:
        medians["edge_p99_of_caddy"] = statistics.median(each["edge_p99_ms"] / each["caddy_p99_ms"] for each in rounds)
    return medians | {
        f"{one}_of_{other}": statistics.median(each[f"{one}_per_s"] / each[f"{other}_per_s"] for each in rounds)
        for one, other in pairs
        if f"{other}_per_s" in medians
    }


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
