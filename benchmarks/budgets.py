"""What the figures of a benchmark must be, and the report that compares them."""

from collections.abc import Mapping

from benchmarks.machine import write


def report(
    name: str,
    measured: Mapping[str, float],
    *,
    at_least: Mapping[str, float] = {},
    at_most: Mapping[str, float] = {},
    about: Mapping[str, object] = {},
) -> int:
    """Print the figures, write them to the results of benchmark *name*, and return the exit code: 1 over budget.

    A figure that could not be measured has no budget. *about* describes the figures.
    """
    budgets = {key: f"≥ {limit:g}" for key, limit in at_least.items() if key in measured}
    budgets |= {key: f"≤ {limit:g}" for key, limit in at_most.items() if key in measured}
    met = {key: measured[key] >= at_least[key] if key in at_least else measured[key] <= at_most[key] for key in budgets}
    print("| figure | measured | budget | met |\n|---|---:|---:|---|")
    for key, value in measured.items():
        judged = {True: "yes", False: "NO"}[met[key]] if key in met else ""
        print(f"| {key} | {value:,.2f} | {budgets.get(key, '')} | {judged} |")
    write(name, {**about, "measured": measured, "budgets": budgets, "met": met})
    return 0 if all(met.values()) else 1
