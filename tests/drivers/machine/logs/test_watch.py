"""The supervisor marks each line with the time at which it was written, and cuts logs that are full."""

import asyncio
import fcntl
import os
import sys
from pathlib import Path
from typing import IO

import pytest

from mainstay.drivers.machine.logs import times
from mainstay.drivers.machine.logs.files import Logs
from mainstay.system import linux_calls, log_rotation
from tests.drivers.machine.logs.log_files import followed, limit_logs, mark, wait_until, watched
from tests.drivers.machine.machine import Machine, member, worker

WRITER = """
import os, sys, time
for number in range(int(sys.argv[1])):
    os.write(1, b"%d %d ................................................\\n" % (number, time.time_ns()))
    if number % 1000 == 999:
        time.sleep(0.002)  # The follower shares its interpreter with the test.
"""


async def write(path: Path, lines: int) -> None:
    """Start a process that writes *lines* numbered lines as fast as it can, and wait for its end."""
    with path.open("ab") as file:
        writer = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, str(lines), stdout=file)
        assert await writer.wait() == 0


@pytest.mark.slow
@pytest.mark.failure("F79")
def test_no_line_of_a_service_that_writes_at_full_speed_is_lost(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_logs(monkeypatch, 16_000_000)  # Of 17,6 MB: the log is cut while it is written and followed.

    async def run() -> None:
        async with watched(folder):
            await write(folder / "web-1-1.out", 250_000)

    with followed(folder) as seen:
        asyncio.run(run())
        wait_until(lambda: len(seen) == 250_000)
    assert [int(one.line.split()[0]) for one in seen] == list(range(250_000))
    kept = list(Logs(folder).last(250_000))
    assert len(kept) < 250_000
    assert kept == seen[-len(kept) :]


def test_a_line_has_the_time_at_which_it_was_written(folder: Path) -> None:
    async def run() -> None:
        async with watched(folder):
            for _ in range(20):
                await write(folder / "web-1-1.out", 1)
            await asyncio.sleep(0.05)

    asyncio.run(run())
    off = sorted(abs(one.at - int(one.line.split()[1]) / 1e9) for one in Logs(folder).last(20))
    assert len(off) == 20
    assert off[10] < 0.005
    assert off[-1] < 0.1


def test_marks_survive_a_restart_and_are_cut_with_the_log(
    folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_logs(monkeypatch, 100_000)
    path.write_text("first\n")

    async def run() -> None:
        for _ in range(2):
            async with watched(folder) as watch:
                for _ in range(500):
                    with path.open("a") as writer:
                        writer.write("x" * 399 + "\n")
                    watch._look_at_all()

    asyncio.run(run())
    marks = os.open(times.times_of(path), os.O_RDONLY)
    assert os.fstat(marks).st_size == 1001 * times.MARK.size
    assert log_rotation.data_start(marks) == 8192
    assert len({one.at for one in Logs(folder).last(1000)}) > 200


def test_a_time_shown_without_a_supervisor_does_not_change_later(folder: Path, path: Path) -> None:
    path.write_text("one\n")
    os.utime(path, (1000, 1000))
    first = list(Logs(folder).last(1))
    with path.open("a") as writer:
        print("two", file=writer)

    async def run() -> None:
        async with watched(folder):
            pass

    assert next(Logs(folder).last(2)) == first[0]
    asyncio.run(run())
    assert next(Logs(folder).last(2)) == first[0]


def test_a_supervisor_takes_the_lock_of_the_marks_once_a_reader_has_released_it(folder: Path, path: Path) -> None:
    path.write_text("one\n")
    mark(path, (2, 1000))
    marks = times.times_of(path)

    async def watch_until_released(reader: IO[bytes]) -> None:
        async with watched(folder) as watch:
            watch._look_at_all()
            assert marks.stat().st_size == times.MARK.size + 5
            fcntl.flock(reader, fcntl.LOCK_UN)
            watch._look_at_all()
            assert marks.stat().st_size == 2 * times.MARK.size
            assert not times.mark_unwatched(path)

    with marks.open("ab") as reader:
        reader.write(b"torn!")
        reader.flush()
        fcntl.flock(reader, fcntl.LOCK_EX)
        asyncio.run(watch_until_released(reader))


def test_without_inotify_logs_are_marked_every_second(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def raise_error() -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(linux_calls, "inotify", raise_error)

    async def run() -> None:
        async with watched(folder) as watch:
            (folder / "web-1-1.out").write_text("one\n")
            watch.tick()

    asyncio.run(run())
    assert times.times_of(folder / "web-1-1.out").stat().st_size == times.MARK.size


def test_the_supervisor_marks_lines_at_once(machine: Machine) -> None:
    script = "date +%s.%N; while sleep 0.1; do date +%s.%N; done"
    machine.start_fleet(member(worker("sh", "-c", script)), service="worker")
    path = machine.folders.logs / "worker" / "worker-1-1.out"
    machine.wait_until(lambda: len(path.read_text().splitlines()) > 15, "15 lines")
    found = list(Logs(path.parent).last(15))
    off = sorted(one.at - float(one.line) for one in found)
    assert off[0] >= 0
    assert off[7] < 0.02
    assert set(found) <= set(Logs(path.parent).last(1000))
