"""The journal's cost per step: the previous step's `done` and its `started`, in one synced transaction."""

import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.machine import write
from mainstay.history.fold import HistoryFold
from mainstay.history.signing import PublicKey, SigningKey
from mainstay.history.sqlite import SqliteJournal, SqliteReader
from mainstay.system.clock import SystemClock
from mainstay.system.state_dir import Folders

STEPS = 2000
BUDGET_MS = 0.8
STARTED = b'{"step":"4.1","kind":"start_fleet","title":"Start api@42, 3 replicas","reversible":true}'
DONE = b'{"step":"4.1","evidence":"3 of 3 ready after 2.4 s","took_s":2.412,"adopted":false}'

Row = tuple[str, float, str]


def main() -> None:
    # Next to this file and not in /tmp, because the benchmark must write to a disk.
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as sandbox:
        measured = measure(Folders(Path(sandbox) / "state", Path(sandbox) / "keys"))
    results = {name: {"value": value, "unit": unit} for name, value, unit in measured}
    about = {"benchmark": "journal", "python": platform.python_version(), "steps": STEPS, "budget_ms": BUDGET_MS}
    write("journal", about | {"results": results})
    print("| journal | measured |\n|---|---|")
    for name, value, unit in measured:
        print(f"| {name} | {value:.3f} {unit} |")


def measure(folders: Folders) -> list[Row]:
    """Return each figure with its name and unit."""
    bare = sorted(synced(folders.state.parent / "bare"))
    journal = SqliteJournal(folders.journal, folders.head, SystemClock(), SigningKey.of(folders))
    rows, steps = [], []
    for _ in range(STEPS):
        began = time.perf_counter()
        journal.append("r-0001", ("progress", DONE))
        between = time.perf_counter()
        journal.append("r-0001", ("done", DONE), ("started", STARTED))
        ended = time.perf_counter()
        rows.append(between - began)
        steps.append(ended - between)
    journal.checkpoint()
    journal.close()
    story = SqliteReader(folders.journal, folders.head)
    began = time.perf_counter()
    assert story.verify(PublicKey.read(folders.public_key)).rows == 3 * STEPS
    verified = time.perf_counter() - began
    began = time.perf_counter()
    HistoryFold().extend(story.rows())
    folded = time.perf_counter() - began
    return [
        ("this disk: one bare fdatasync, p50", statistics.median(bare) * 1e3, "ms"),
        ("this disk: one bare fdatasync, p99", at(bare, 0.99) * 1e3, "ms"),
        ("a row, p50", statistics.median(rows) * 1e3, "ms"),
        ("a row, p99", at(rows, 0.99) * 1e3, "ms"),
        ("a step (done, and the next started), p50", statistics.median(steps) * 1e3, "ms"),
        ("a step (done, and the next started), p99", at(steps, 0.99) * 1e3, "ms"),
        (f"verify {3 * STEPS} rows", verified * 1e3, "ms"),
        (f"read and fold {3 * STEPS} rows", folded * 1e3, "ms"),
    ]


def synced(path: Path) -> list[float]:
    """Measure how long this disk takes to sync a growing file."""
    took = []
    with path.open("wb", buffering=0) as file:
        for _ in range(STEPS // 4):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return took


def at(values: list[float], share: float) -> float:
    """Return the value that the given *share* of all values does not exceed."""
    return sorted(values)[int(len(values) * share)]


if __name__ == "__main__":
    main()
