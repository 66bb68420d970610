"""Start time of a command: `--help`, `status` of a running system, `validate` of 500 services.

`python -m benchmarks.start` prints a table and writes `benchmarks/results/start.json`. Each command runs in a
process of its own, many times; the system is that of `mainstay init`, on a free port, in a temporary folder.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.machine import write

MAINSTAY = str(Path(sys.executable).with_name("mainstay"))
ROUNDS = 21
BUDGETS_MS = {"--help": 100, "status": 150, "validate": 300}
SERVICE = """\
  service-{n}:
    command: ["{{python}}", app.py, --number, {n}]
    port: 8000
    replicas: 3
    variables: [LOG_LEVEL]
    health: {{ready: /health, within: 30s}}
    resources: {{cpus: 2, memory: 512Mi}}
"""


def main() -> int:
    with sandbox() as folder:
        measured = {
            "--help": milliseconds(folder, "--help"),
            "status": milliseconds(folder, "status"),
            "validate": milliseconds(folder, "-f", "many.yaml", "validate"),
        }
    for name, taken in measured.items():
        within = "within" if taken["median"] <= BUDGETS_MS[name] else "OVER"
        times = "  ".join(f"{key} {value:6.1f} ms" for key, value in taken.items())
        print(f"{name:10} {times}  {within} {BUDGETS_MS[name]} ms")
    write("start", {"milliseconds": measured, "budgets": BUDGETS_MS})
    return int(any(measured[name]["median"] > budget for name, budget in BUDGETS_MS.items()))


@contextmanager
def sandbox() -> Iterator[Path]:
    """Yield a folder with a running system, and a manifest of 500 services."""
    folder = Path(tempfile.mkdtemp(prefix="mainstay-start-"))
    folder.chmod(0o711)
    checkout = folder / "checkout"
    checkout.mkdir()
    try:
        mainstay(checkout, "init")
        manifest = checkout / "mainstay.yaml"
        manifest.write_text(manifest.read_text().replace("edge:", "edge:\n  http: auto"))
        services = "".join(SERVICE.format(n=number) for number in range(500))
        head = "system: many\nversion: 1.0.0\nvariables: {LOG_LEVEL: info}\nservices:\n"
        (checkout / "many.yaml").write_text(head + services)
        mainstay(checkout, "up")
        yield checkout
    finally:
        mainstay(checkout, "down", "--data", "--confirm", f"{checkout.name}/local")
        shutil.rmtree(folder, ignore_errors=True)


def milliseconds(folder: Path, *words: str) -> dict[str, float]:
    """Measure how long `mainstay WORDS` takes from start to end, in milliseconds."""
    mainstay(folder, *words)
    taken, worked = [], []
    for _ in range(ROUNDS):
        began, before = time.perf_counter(), processor_seconds()
        mainstay(folder, *words)
        taken.append((time.perf_counter() - began) * 1000)
        worked.append((processor_seconds() - before) * 1000)
    p90 = statistics.quantiles(taken, n=10)[-1]
    return {
        "median": round(statistics.median(taken), 1),
        "p90": round(p90, 1),
        "processor": round(statistics.median(worked), 1),
    }


def processor_seconds() -> float:
    """Return the CPU seconds of all child processes; on a busy machine they are more reliable than elapsed time."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def mainstay(folder: Path, *words: str) -> None:
    own = {"MAINSTAY_STATE": str(folder.parent / "state"), "MAINSTAY_KEYS": str(folder.parent / "keys")}
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | own
    subprocess.run([MAINSTAY, *words], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
