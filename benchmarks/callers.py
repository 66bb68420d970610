"""Rollbacks of a slow caller together with its callee, under load: how many requests are lost, and how long each takes.

`python -m benchmarks.callers` prints a table and writes `benchmarks/results/callers.json`. Load goes to 127.0.0.1,
bounded in rate and time.
"""

import statistics
import time

from benchmarks.machine import write
from tests.journeys.caller_and_callee import CallerAndCallee
from tests.journeys.load import Load
from tests.journeys.sandbox import Sandbox
from tests.journeys.users import User

ROLLBACKS = 50
RATE = 40.0
WORK_S = 0.3
LONGEST_S = 600.0
BUDGETS = {"lost": 0}


def main() -> int:
    sandbox = Sandbox.make(User("bench"))
    try:
        sandbox.ship(CallerAndCallee(1, work_s=WORK_S))
        sandbox.ship(CallerAndCallee(2, work_s=WORK_S), "deploy", "--yes")
        measured = rollbacks(sandbox)
    finally:
        sandbox.tear_down()
    met = {name: measured[name] <= budget for name, budget in BUDGETS.items()}
    for name, value in measured.items():
        print(f"{name}: {value:,.2f}")
    write("callers", {"measured": measured, "budgets": BUDGETS, "met": met})
    return 0 if all(met.values()) else 1


def rollbacks(sandbox: Sandbox) -> dict[str, float]:
    """Measure rollbacks to the old release and back to the new one, with requests always in progress in the caller."""
    took: dict[str, list[float]] = {"1": [], "2": []}
    with Load(sandbox.url, rate=RATE, max_duration_s=LONGEST_S) as load:
        for _ in range(ROLLBACKS):
            for release, seconds in took.items():
                began = time.monotonic()
                sandbox.run("rollback", "--to", release, "--yes")
                seconds.append(time.monotonic() - began)
        assert load.running, "the load ended before the last rollback"
    tally = load.stop()
    return {
        "rollbacks": ROLLBACKS,
        "back_again": ROLLBACKS,
        "requests": tally.total,
        "lost": len(tally.not_ok),
        "caller_work_s": WORK_S,
        "p99_ms": 1000 * tally.percentile(99),
        "rollback_s": statistics.median(took["1"]),
        "back_again_s": statistics.median(took["2"]),
    }


if __name__ == "__main__":
    raise SystemExit(main())
