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

HERE = Path(__file__).parent
RESULTS = HERE / "results"
LONGEST_S = 900
ABOUT = {"at", "cores", "load_average", "load_average_before", "load_by", "python", "packages", "budgets", "met"}
"""The keys of a document that are not figures but describe them."""


def main(names: list[str]) -> int:
    known = [path.stem for path in sorted(HERE.glob("[a-z]*.py")) if has_main(path)]
    if strange := set(names) - set(known):
        print(f"no benchmark {', '.join(sorted(strange))}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    failed = [name for name in names or known if run(name) != 0]
    (RESULTS / "README.md").write_text("\n".join(table()) + "\n")
    print("all figures: benchmarks/results/README.md")
    if failed:
        print(f"over their budget, or failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def has_main(path: Path) -> bool:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(node, functions) and node.name == "main" for node in ast.parse(path.read_text()).body)


def run(name: str) -> int:
    print(f"\n{name}", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    try:
        return subprocess.run(command, cwd=HERE.parent, timeout=LONGEST_S, check=False).returncode
    except subprocess.TimeoutExpired:
        return 1


def table() -> Iterator[str]:
    """Yield one line per figure of every benchmark that has written results."""
    yield "# Benchmarks\n"
    yield "Written by `make bench`; do not edit. Figures of a busy machine say little: `load` tells how busy it was.\n"
    yield "| benchmark | figure | measured | budget | met | measured at | load |"
    yield "|---|---|---:|---:|---|---|---:|"
    for path in sorted(RESULTS.glob("*.json")):
        document = json.loads(path.read_text())
        load = document.get("load_average", document.get("load_average_before"))
        about = (document.get("at", ""), "" if load is None else f"{load:.1f}")
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
