"""Load that saturates a front door, by wrk: how many requests it handles, and how long they take."""

import asyncio
import re
import shutil
from typing import NamedTuple

from benchmarks.cores import ALL, on

CONNECTIONS = 32
_MS = {"us": 0.001, "ms": 1, "s": 1000}


class Saturated(NamedTuple):
    """What a front door did while as many requests came as it could handle."""

    per_s: float
    p99_ms: float
    requests: int


async def saturate(url: str, seconds: int, *headers: str, cores: tuple[int, ...] = ALL) -> Saturated:
    """Send GET requests with *headers* to *url* for *seconds*, over connections that stay open, from *cores*."""
    program = shutil.which("wrk")
    assert program, "wrk is missing; type: apt-get install wrk"
    options = [word for header in headers for word in ("-H", header)]
    command = (program, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *options, url)
    with on(cores):
        wrk = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    printed = (await wrk.communicate())[0].decode()
    assert not re.search("Non-2xx|Socket errors", printed), printed
    number, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", printed)[0]
    per_s = float(re.findall(r"Requests/sec:\s+([\d.]+)", printed)[0])
    return Saturated(per_s, float(number) * _MS[unit], int(re.findall(r"(\d+) requests in", printed)[0]))
