"""The cost of a release for users and operators: requests lost, latency and duration, by the real CLI under load.

`python -m benchmarks.release` prints a table and writes `benchmarks/results/release.json`. Load goes to 127.0.0.1,
bounded in rate and time.
"""

import statistics
import subprocess
import sys
import time

from benchmarks.machine import write
from tests.journeys.load import Load, Tally
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.users import User
from tests.journeys.web_app import APPLICATION, WebApp

RATE = 500.0
ROUNDS, ABORTS, PLAIN = 10, 3, 3
QUIET_S = 8.0
READY_AFTER_S = 2.0
STEADY_S = 0.3
BUDGETS = {"lost": 0, "p99_ratio": 2.0, "warm_rollback_s": 2.0, "overhead_s": 3.0}


def main() -> int:
    sandbox = Sandbox.make(User("bench"))
    try:
        sandbox.ship(WebApp("0"))
        measured = switches(sandbox) | warm_rollback(sandbox) | overhead(sandbox)
    finally:
        sandbox.tear_down()
    met = {name: measured[name] <= budget for name, budget in BUDGETS.items()}
    report(measured, met)
    return 0 if all(met.values()) else 1


def switches(sandbox: Sandbox) -> dict[str, float]:
    """Measure deploys and rollbacks in turn under a paced load, and the same load without them."""
    with Load(sandbox.url, rate=RATE, max_duration_s=QUIET_S) as quiet:
        wait_until(lambda: not quiet.running, within=QUIET_S + 10, what="the end of the quiet load")
    took: dict[str, list[float]] = {"deploy": [], "rollback": []}
    busy, slowest = Tally(), []
    for number in range(1, ROUNDS + 1):
        sandbox.write(WebApp(f"0.{number}"))
        with Load(sandbox.url, rate=RATE, posts=True) as load:
            for verb, seconds in took.items():
                seconds.append(timed(sandbox, verb))
        tally = load.stop()
        busy.responses += tally.responses
        slowest.append(tally.percentile(99))
        assert len(tally.releases) == 2, tally
    # Take the percentile of each round, so that one disturbance on the machine does not determine the result.
    before, during = quiet.tally.percentile(99), statistics.median(slowest)
    return {
        "requests_per_s": RATE,
        "deploys": ROUNDS,
        "rollbacks": ROUNDS,
        "requests": busy.total,
        "lost": len(busy.not_ok) + len(quiet.tally.not_ok),
        "quiet_p99_ms": 1000 * before,
        "switching_p99_ms": 1000 * during,
        "switching_p99_ms_worst_round": 1000 * max(slowest),
        "p99_ratio": during / before,
        "deploy_s": statistics.median(took["deploy"]),
        "rollback_s": statistics.median(took["rollback"]),
    }


def warm_rollback(sandbox: Sandbox) -> dict[str, float]:
    """Measure from typing `abort`, while both revisions run, until only the old one serves."""
    seconds = []
    for number in range(ABORTS):
        old = str(sandbox.status()["release"]["number"])
        deploy = sandbox.start_deploy(WebApp(f"1.{number}", settle="5m"), "settle")
        with Load(sandbox.url, rate=100) as load:
            began = time.monotonic()
            sandbox.run("abort")
        deploy.wait()
        unexpected = [response.due for response in load.stop().responses if response.release != old]
        seconds.append(max(unexpected, default=began) - began)
    return {"warm_rollback_s": max(seconds)}


def overhead(sandbox: Sandbox) -> dict[str, float]:
    """Measure a deploy's time beyond the application's start and the configured settling time."""
    parts = start_s() + READY_AFTER_S + STEADY_S
    took = []
    for number in range(PLAIN):
        sandbox.write(WebApp(f"2.{number}", behaviour={"ready_after": READY_AFTER_S}))
        took.append(timed(sandbox, "deploy"))
    total = statistics.median(took)
    return {"parts_s": parts, "whole_s": total, "overhead_s": total - parts}


def timed(sandbox: Sandbox, verb: str) -> float:
    began = time.monotonic()
    sandbox.run(verb, "--yes")
    return time.monotonic() - began


def start_s() -> float:
    """Return the seconds that the application's interpreter takes to import its modules."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import asyncio, hashlib, hmac, json"], cwd=APPLICATION, check=True)
    return time.monotonic() - began


def report(measured: dict[str, float], met: dict[str, bool]) -> None:
    print("| figure | measured | budget | met |\n|---|---:|---:|---|")
    for name, value in measured.items():
        print(f"| {name} | {value:,.2f} | {BUDGETS.get(name, '')} | {_word(met.get(name))} |")
    write("release", {"measured": measured, "budgets": BUDGETS, "met": met})


def _word(met: bool | None) -> str:
    return "" if met is None else "yes" if met else "NO"


if __name__ == "__main__":
    sys.exit(main())
