"""The effect of a switch between two releases on the requests of that moment.

`python -m benchmarks.switching` prints a table and writes `benchmarks/results/switching.json`. Load goes to 127.0.0.1,
bounded in rate and time.
"""

import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from msgspec.structs import replace

from benchmarks.budgets import report
from benchmarks.running_edge import RunningEdge, bare, running_edge
from tests.drivers.edge.haproxy.fast_load import fast_backend
from tests.drivers.edge.haproxy.http_load import Tally, load, wait_until

RATE, SWITCHES, PACED_SECONDS = 500, 20, 8


async def main() -> int:
    sandbox = Path(tempfile.mkdtemp(prefix="ms-"))
    sandbox.chmod(0o711)  # When run as root, HAProxy's workers run as another user and must reach this folder.
    try:
        async with (
            fast_backend(sandbox, "old") as old,
            fast_backend(sandbox, "new") as new,
            running_edge(sandbox, replace(bare(), release_header=True), old, new) as edge,
        ):
            measured = await switched(edge)
    finally:
        shutil.rmtree(sandbox)
    return report("switching", measured, at_most={"lost": 0, "p99_ratio": 2})


async def switched(edge: RunningEdge) -> dict[str, float]:
    """Switch between old and new under a paced load, and compare with the same load without switches."""
    async with load(edge.edge.http, rate=RATE) as quiet:
        await asyncio.sleep(PACED_SECONDS)
    took: list[float] = []
    async with load(edge.edge.http, rate=RATE) as busy:
        for number in range(SWITCHES):
            await asyncio.sleep(PACED_SECONDS / SWITCHES)
            began = time.perf_counter()
            await edge.set_traffic({41 + (number + 1) % 2: 100})
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
