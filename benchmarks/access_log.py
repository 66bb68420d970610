"""The reader of the access log: lines per second on one core, its memory, and what happens when it falls behind.

`python -m benchmarks.access_log` prints a table and writes `benchmarks/results/access_log.json`. The reader runs in a
process of its own. Lines come from a sender at 50,000 a second, then as fast as the reader takes them, and at last
from an edge whose reader has stopped. Load goes to 127.0.0.1, bounded in count and time.
"""

import asyncio
import multiprocessing
import os
import shutil
import signal
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.budgets import report
from benchmarks.running_edge import bare, running_edge
from benchmarks.wrk import Saturated, saturate
from mainstay.drivers.edge.haproxy.access_log import AccessLog
from mainstay.system.state_dir import Folders
from tests.drivers.edge.haproxy.fast_load import fast_backend
from tests.drivers.edge.haproxy.running_proxy import LINE

RATE, PACED_S = 50_000, 6
FLOOD = 2_000_000
EACH = 500
"""Lines that the sender writes at once."""
STOPPED_ROUNDS, STOPPED_S = 3, 4
AT_LEAST = {"lines_per_s_of_one_core": 50_000, "edge_with_stopped_reader": 0.9}
AT_MOST = {
    "paced_lines_not_counted": 0,
    "flood_memory_growth_mb": 8,
    "flood_lines_unaccounted": 0,
    "stopped_lines_unaccounted_percent": 1,
}


class Seen(NamedTuple):
    """What the reader has done so far."""

    counted: int
    skipped: int
    cpu_s: float
    memory_mb: float

    @property
    def lines(self) -> int:
        return self.counted + self.skipped


class Reader:
    """A reader in a process of its own, on one core."""

    def __init__(self, folders: Folders) -> None:
        self._pipe, theirs = multiprocessing.get_context("spawn").Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=_serve, args=(folders, theirs))
        self._process.start()
        theirs.close()  # So that the end of the process ends a wait for its response.
        self._pipe.recv()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def seen(self) -> Seen:
        self._pipe.send("seen")
        found: Seen = self._pipe.recv()
        return found

    def wait_for(self, lines: int) -> Seen:
        """Return what was done once *lines* more were counted or skipped."""
        deadline = time.monotonic() + 60
        while (found := self.seen()).lines < lines:
            assert time.monotonic() < deadline, found
            time.sleep(0.02)
        return found

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGCONT)
        self._pipe.send("stop")
        self._process.join()


def _serve(folders: Folders, pipe: Connection) -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    asyncio.run(_read(folders, pipe))


async def _read(folders: Folders, pipe: Connection) -> None:
    log, stop, process = AccessLog(folders), asyncio.Event(), psutil.Process()
    await log.start()

    def respond() -> None:
        if pipe.recv() == "stop":
            stop.set()
            return
        signals, times = log.signals.signals(), process.cpu_times()
        counted = sum(counts.requests for _, counts in signals.counts)
        pipe.send(Seen(counted, signals.lost, times.user + times.system, process.memory_info().rss / 1e6))

    asyncio.get_running_loop().add_reader(pipe.fileno(), respond)
    pipe.send("ready")
    await stop.wait()
    await log.stop()


@contextmanager
def reading(folders: Folders) -> Iterator[Reader]:
    reader = Reader(folders)
    try:
        yield reader
    finally:
        reader.stop()


def paced(folders: Folders) -> dict[str, float]:
    """Send RATE lines a second; lines per second of one core are those per second of the reader's CPU time."""
    lines = (LINE + b"\n") * EACH
    with reading(folders) as reader, sender(folders) as out:
        before, began = reader.seen(), time.monotonic()
        for number in range(RATE * PACED_S // EACH):
            time.sleep(max(0.0, began + number * EACH / RATE - time.monotonic()))
            out.sendall(lines)
        after = reader.wait_for(before.lines + RATE * PACED_S)
    cpu_s = after.cpu_s - before.cpu_s
    return {
        "paced_lines_per_s": RATE,
        "paced_cpu_percent": 100 * cpu_s / PACED_S,
        "paced_lines_not_counted": after.skipped,
        "lines_per_s_of_one_core": after.counted / cpu_s,
    }


def flooded(folders: Folders) -> dict[str, float]:
    """Send as many lines as the reader takes: beyond its share of a core it skips lines, and counts how many."""
    lines = (LINE + b"\n") * EACH
    with reading(folders) as reader, sender(folders) as out:
        for _ in range(FLOOD // EACH // 10):
            out.sendall(lines)
        warm, began = reader.wait_for(FLOOD // 10), time.monotonic()
        for _ in range(FLOOD // EACH):
            out.sendall(lines)
        after = reader.wait_for(warm.lines + FLOOD)
        took = time.monotonic() - began
    return {
        "flood_lines_per_s": FLOOD / took,
        "flood_skipped_percent": 100 * (after.skipped - warm.skipped) / FLOOD,
        "flood_lines_unaccounted": FLOOD * 11 // 10 - after.lines,
        "flood_memory_growth_mb": after.memory_mb - warm.memory_mb,
    }


@contextmanager
def sender(folders: Folders) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as out:
        out.connect(str(folders.access_log_socket))
        yield out


async def stopped(sandbox: Path) -> dict[str, float]:
    """Saturate an edge while its reader runs, and while it has stopped, in turns; HAProxy drops and counts lines."""
    async with fast_backend(sandbox, "x") as port, running_edge(sandbox, bare(), port, port, reads=False) as edge:
        with reading(edge.folders) as reader:
            url = f"http://127.0.0.1:{edge.edge.http}/"
            rounds = [await one_round(url, reader) for _ in range(STOPPED_ROUNDS)]
            await asyncio.sleep(1)
            await saturate(url, 1)  # HAProxy reports what it dropped before the next line.
            await asyncio.sleep(1)
            seen = reader.seen()
    requests = sum(each.requests for one in rounds for each in one)
    return {
        "edge_with_stopped_reader": statistics.median(stops.per_s / reads.per_s for reads, stops in rounds),
        "stopped_lines_dropped_percent": 100 * seen.skipped / requests,
        "stopped_lines_unaccounted_percent": max(0.0, 100 * (requests - seen.lines) / requests),
    }


async def one_round(url: str, reader: Reader) -> tuple[Saturated, Saturated]:
    """Return what the edge did with a reader that reads, and with one that has stopped."""
    reads = await saturate(url, STOPPED_S)
    os.kill(reader.pid, signal.SIGSTOP)
    try:
        return reads, await saturate(url, STOPPED_S)
    finally:
        os.kill(reader.pid, signal.SIGCONT)


def main() -> int:
    sandbox = Path(tempfile.mkdtemp(prefix="ms-"))
    sandbox.chmod(0o711)  # When run as root, HAProxy's workers run as another user and must reach this folder.
    try:
        measured = paced(Folders(sandbox / "paced", sandbox / "keys"))
        measured |= flooded(Folders(sandbox / "flooded", sandbox / "keys"))
        measured |= asyncio.run(stopped(sandbox))
    finally:
        shutil.rmtree(sandbox)
    return report("access_log", measured, at_least=AT_LEAST, at_most=AT_MOST)


if __name__ == "__main__":
    sys.exit(main())
