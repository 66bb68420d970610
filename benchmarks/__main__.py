"""Run every benchmark in a process of its own, one after the other, and write all figures to one table.

`python -m benchmarks [NAME…]`. Each writes `results/NAME.json`; `results/README.md` is generated from these files.
"""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.machine import CONDITION, LOAD_BEFORE, RESULTS, governors, warnings

HERE = Path(__file__).parent
TIMEOUT_S = 900
ABOUT = {
    "at",
    "cores",
    "load_average_before",
    "cpu_governors",
    "quiet",
    "load_by",
    "python",
    "packages",
    "budgets",
    "met",
}
"""The keys of a document that are not figures but describe them."""


def main(names: list[str]) -> int:
    known = [path.stem for path in sorted(HERE.glob("[a-z]*.py")) if has_main(path)]
    if unknown := set(names) - set(known):
        print(f"unknown benchmark: {', '.join(sorted(unknown))}; choose from {', '.join(known)}", file=sys.stderr)
        return 2
    print(f"benchmarks need a quiet machine: {CONDITION}", flush=True)
    for warning in warnings(LOAD_BEFORE, governors()):
        print(f"\nWARNING: {warning}\nThe figures will be recorded as not reliable.\n", file=sys.stderr, flush=True)
    failed = [name for name in names or known if run(name) != 0]
    (RESULTS / "README.md").write_text("\n".join(table()) + "\n")
    print("all figures: benchmarks/results/README.md")
    if failed:
        print(f"over budget or failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def has_main(path: Path) -> bool:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(node, functions) and node.name == "main" for node in ast.parse(path.read_text()).body)


def run(name: str) -> int:
    print(f"\n{name}", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    try:
        return subprocess.run(command, cwd=HERE.parent, timeout=TIMEOUT_S, check=False).returncode
    except subprocess.TimeoutExpired:
        return 1


def table() -> Iterator[str]:
    """Yield one line per figure of every benchmark that has written results."""
    yield "# Benchmarks\n"
    yield f"Written by `make bench`; do not edit. Figures are reliable only from a quiet machine: {CONDITION}.\n"
    yield "| benchmark | figure | measured | budget | met | measured at | load | quiet |"
    yield "|---|---|---:|---:|---|---|---:|---|"
    for path in sorted(RESULTS.glob("*.json")):
        document = json.loads(path.read_text())
        load = document.get("load_average_before")
        quiet = {True: "yes", False: "**no**"}.get(document.get("quiet"), "")
        about = (document.get("at", ""), "" if load is None else f"{load:.1f}", quiet)
        for figure, value in figures(document):
            cells = (path.stem, figure, f"{value:,.2f}", *judged(figure, document), *about)
            yield f"| {' | '.join(cells)} |"


def figures(document: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield every number of a document with the keys that lead to it."""
    for name, value in document.items():
        if name not in ABOUT:
            yield from _below(value, (name,))


def _below(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _below(inner, (*path, name))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        words = [word for word in path if word not in {"measured", "results", "value"}]
        yield " ".join(words), float(value)


def judged(figure: str, document: dict[str, Any]) -> tuple[str, str]:
    """Return the budget of a figure and whether it was met; both empty if it has no budget."""
    budget = document.get("budgets", {}).get(figure, "")
    met = document.get("met", {}).get(figure)
    return str(budget), "" if met is None else "yes" if met else "**no**"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
