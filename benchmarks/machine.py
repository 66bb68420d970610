"""The machine that a benchmark runs on: whether it is quiet enough, and the file that records the figures."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
MAX_LOAD = 0.5
CONDITION = f"close other programs; load must be below {MAX_LOAD}; the CPU governor must be performance"
GOVERNORS = Path("/sys/devices/system/cpu")
LOAD_BEFORE = os.getloadavg()[0]  # measured at import, before a benchmark adds its own load


def governors(folder: Path = GOVERNORS) -> list[str]:
    """Return the different CPU frequency governors in use; none on most virtual machines."""
    return sorted({file.read_text().strip() for file in folder.glob("cpu*/cpufreq/scaling_governor")})


def warnings(load: float, in_use: list[str]) -> list[str]:
    """Return why figures measured under these conditions are not reliable."""
    found = [f"the load average is {load:.2f}; it must be below {MAX_LOAD}"] if load >= MAX_LOAD else []
    slow = [governor for governor in in_use if governor != "performance"]
    return [*found, *(f"the CPU governor is {governor}; it must be performance" for governor in slow)]


def write(name: str, document: Mapping[str, object]) -> None:
    """Write the figures of benchmark *name*, with the conditions under which they were measured."""
    in_use = governors()
    conditions = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cores": os.cpu_count(),
        "load_average_before": LOAD_BEFORE,
        "cpu_governors": in_use,
        "quiet": not warnings(LOAD_BEFORE, in_use),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({**conditions, **document}, indent=2) + "\n")
