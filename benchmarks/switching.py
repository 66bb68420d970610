"""The effect of a switch between two releases on the requests of that moment, with the edge and with kamal-proxy.

`python -m benchmarks.switching` prints a table and writes `benchmarks/results/switching.json`. Both lead to the same
backends. Load goes to 127.0.0.1, bounded in rate and time.
"""

import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec.structs import replace

from benchmarks.budgets import report
from benchmarks.peers import Missing, Peer, Ports, kamal_proxy, set_target
from benchmarks.peers import running as running_peer
from benchmarks.running_edge import bare, running_edge
from tests.drivers.edge.haproxy.fast_load import fast_backend
from tests.drivers.edge.haproxy.http_load import Tally, free_port, load, wait_until

RATE, SWITCHES, PACED_SECONDS = 500, 20, 8


async def main() -> int:
    sandbox = Path(tempfile.mkdtemp(prefix="ms-"))
    sandbox.chmod(0o711)  # When run as root, HAProxy's workers run as another user and must reach this folder.
    try:
        async with fast_backend(sandbox, "old") as old, fast_backend(sandbox, "new") as new:
            measured, versions = await of_edge(sandbox, old, new), {}
            try:
                peer = kamal_proxy()
            except Missing as error:
                print(f"left out: {error}", file=sys.stderr)
            else:
                theirs = await of_peer(sandbox, peer, old, new)
                measured |= {f"{peer.name}_{name}": value for name, value in theirs.items()}
                versions = {peer.name: peer.version}
    finally:
        shutil.rmtree(sandbox)
    return report("switching", measured, at_most={"lost": 0, "p99_ratio": 2}, about={"packages": versions})


async def of_edge(sandbox: Path, old: int, new: int) -> dict[str, float]:
    edge = replace(bare(), release_header=True)
    async with running_edge(sandbox, edge, old, new) as running:
        return await switched(edge.http, lambda number: running.set_traffic({41 + number % 2: 100}))


async def of_peer(sandbox: Path, peer: Peer, old: int, new: int) -> dict[str, float]:
    folder, ports = sandbox / peer.name, Ports(free_port(), free_port(), old)
    async with running_peer(peer, ports, Path(), folder):
        return await switched(ports.http, lambda number: set_target(peer, folder, (old, new)[number % 2]))


async def switched(door: int, switch: Callable[[int], Awaitable[None]]) -> dict[str, float]:
    """Switch between old and new under a paced load, and compare with the same load without switches.

    *switch* gets the number of the switch, from 1; after an even one the old release has all traffic.
    """
    async with load(door, rate=RATE) as quiet:
        await asyncio.sleep(PACED_SECONDS)
    took: list[float] = []
    async with load(door, rate=RATE) as busy:
        for number in range(SWITCHES):
            await asyncio.sleep(PACED_SECONDS / SWITCHES)
            began = time.perf_counter()
            await switch(number + 1)
            took.append(1000 * (time.perf_counter() - began))
        await wait_until(lambda: both_seen(busy))
    return {
        "switches": SWITCHES,
        "requests_while_switching": busy.total,
        "lost": len(busy.not_ok) + len(quiet.not_ok),
        "switch_ms": statistics.median(took),
        "quiet_p99_ms": p99_ms(quiet),
        "switching_p99_ms": p99_ms(busy),
        "p99_ratio": p99_ms(busy) / p99_ms(quiet),
    }


def both_seen(tally: Tally) -> bool:
    return {"old", "new"} <= tally.answers.keys()


def p99_ms(tally: Tally) -> float:
    return statistics.quantiles(tally.took_s, n=100)[98] * 1000


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
