"""The latency of requests while a canary gets its traffic, and the time until a worse release has none again.

`python -m benchmarks.canary` prints a table and writes `benchmarks/results/canary.json`. Releases are shipped by the
real command, under load. Load goes to 127.0.0.1, bounded in rate and time.
"""

import statistics
import sys
import time
from dataclasses import replace
from typing import Any

from benchmarks.budgets import report
from tests.journeys.load import Load, Tally
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.users import User
from tests.journeys.web_app import WebApp

RATE, ROUNDS, BEFORE_S = 500.0, 3, 6.0
WORSE_RATE, WORSE_ROUNDS = 100.0, 2
USUAL = {"respond_after": 0.01}
CANARY = {"strategy": {"kind": "canary", "percent": [5, 25, 50], "hold": "3s", "settle": "3s"}}
LONG_CANARY = {"strategy": {"kind": "canary", "percent": [25], "hold": "30s", "settle": "30s"}}
AT_ONCE = {"strategy": {"kind": "blue-green", "settle": "30s"}}
WORSE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "errors_canary": ({"fails": 1}, LONG_CANARY),
    "errors_at_once": ({"fails": 1}, AT_ONCE),
    "slow_canary": ({"respond_after": 0.06}, LONG_CANARY),
    "slow_at_once": ({"respond_after": 0.06}, AT_ONCE),
}
AT_MOST = {"lost": 0, "p99_ratio": 2} | {f"{name}_s": 10 for name in WORSE}


def main() -> int:
    sandbox = Sandbox.make(User("bench"))
    try:
        sandbox.ship(WebApp("0", service=CANARY))
        measured = canaries(sandbox)
        for number, (name, (behaviour, service)) in enumerate(WORSE.items(), 1):
            version = WebApp(behaviour={**USUAL, **behaviour}, service=service)
            measured |= worse(sandbox, name, number, version)
    finally:
        sandbox.tear_down()
    return report("canary", measured, at_most=AT_MOST)


def canaries(sandbox: Sandbox) -> dict[str, float]:
    """Measure good releases: the requests from the command's start to its end, and those of the seconds before."""
    ratios: list[float] = []
    before: list[float] = []
    during: list[float] = []
    lost = 0
    for number in range(1, ROUNDS + 1):
        sandbox.write(WebApp(f"0.{number}", service=CANARY))
        with Load(sandbox.url, rate=RATE, posts=True, max_duration_s=120) as load:
            wait_until(lambda: load.tally.total >= RATE * BEFORE_S, within=60, what="the load before the release")
            began = time.monotonic()
            sandbox.run("deploy", "--yes", within=90)
        tally = load.stop()
        assert len(tally.releases) == 2, tally
        lost += len(tally.not_ok)
        before.append(1000 * part(tally, until=began).percentile(99))
        during.append(1000 * part(tally, since=began).percentile(99))
        ratios.append(during[-1] / before[-1])
    return {
        "requests_per_s": RATE,
        "canaries": ROUNDS,
        "lost": lost,
        "before_p99_ms": statistics.median(before),
        "canary_p99_ms": statistics.median(during),
        "p99_ratio": statistics.median(ratios),
    }


def part(tally: Tally, *, since: float = 0.0, until: float = float("inf")) -> Tally:
    """Return the requests that were due in this time."""
    return Tally([response for response in tally.responses if since <= response.due < until])


def worse(sandbox: Sandbox, name: str, case: int, version: WebApp) -> dict[str, float]:
    """Measure from the first to the last request that a worse release responded to, and the requests it failed."""
    took: list[float] = []
    failed: list[int] = []
    for number in range(WORSE_ROUNDS):
        sandbox.ship(WebApp(f"{case}.{number}", behaviour={**USUAL}), "deploy", "--yes")
        old = str(sandbox.status()["release"]["number"])
        sandbox.write(replace(version, version=f"{case}.{number}.1"))
        with Load(sandbox.url, rate=WORSE_RATE, max_duration_s=120) as load:
            wait_until(lambda: load.tally.total >= 4 * WORSE_RATE, within=60, what="requests to compare with")
            sandbox.run("deploy", "--yes", code=1, within=90)
        tally = load.stop()
        dues = [response.due for response in tally.responses if response.release not in (old, "")]
        took.append(max(dues) - min(dues))
        failed.append(len(tally.not_ok))
    return {f"{name}_s": max(took), f"{name}_failed": statistics.median(failed)}


if __name__ == "__main__":
    sys.exit(main())
