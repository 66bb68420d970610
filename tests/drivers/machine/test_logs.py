"""Logs: no line is lost while they are read, cut and followed, and every line has the time at which it was written."""

import asyncio
import fcntl
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from mainstay.drivers.machine.logs import files, times
from mainstay.drivers.machine.logs.files import Logs, Query, Written
from mainstay.drivers.machine.logs.times import Times
from mainstay.drivers.machine.logs.watch import LogWatch
from mainstay.drivers.targets.target import LogQuery
from mainstay.system import linux_calls, log_rotation
from mainstay.system.log_lines import LONGEST_LINE
from tests.drivers.machine.place import Place, a_place, member, worker


@pytest.fixture
def place() -> Iterator[Place]:
    with a_place() as one:
        yield one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the service `web` writes."""
    (tmp_path / "web").mkdir()
    return tmp_path / "web"


def mark(path: Path, *marks: tuple[int, int]) -> None:
    """Let the supervisor have seen *path* with these sizes at these seconds."""
    times.times_of(path).parent.mkdir(exist_ok=True)
    times.times_of(path).write_bytes(b"".join(times.MARK.pack(size, at * 10**9) for size, at in marks))


def shown(folder: Path, lines: int = 100, query: Query = files.EVERYTHING) -> list[str]:
    return [one.line for one in Logs(folder, query).last(lines)]


def limit(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(log_rotation, "MOST_BYTES", most)
    monkeypatch.setattr(log_rotation, "STEP_BYTES", most // 10)


@contextmanager
def followed(folder: Path) -> Iterator[list[Written]]:
    """What is followed from now on until the end of the block, and then what was written before it."""
    seen: list[Written] = []
    over, reading = threading.Event(), Logs(folder)
    assert list(reading.last(0, with_rest=False)) == []
    follower = threading.Thread(target=lambda: seen.extend(reading.follow(over.is_set)))
    follower.start()
    try:
        yield seen
    finally:
        over.set()
        follower.join(30)


def until(true: Callable[[], object], within: float = 20) -> None:
    end = time.monotonic() + within
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


# reading


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"plain\n", "plain"),
        (b"without an end", "without an end"),
        (b"windows\r\n", "windows"),
        (b"\x1b[31mred\x1b[0m\n", "red"),
        (b"bad \xff byte\n", "bad � byte"),
        (b"over\rwritten\x00\n", "over�written�"),
        ("abc\u202ecba\n".encode(), "abc�cba"),
        ("grüße\n".encode(), "grüße"),
    ],
)
def test_lines_are_made_harmless(folder: Path, raw: bytes, line: str) -> None:
    (folder / "web-1-1.out").write_bytes(raw)
    assert shown(folder) == [line]


def test_lines_have_the_time_at_which_they_were_seen(folder: Path) -> None:
    path = folder / "web-1-1.out"
    path.write_text("one\ntwo\nthree\n")
    mark(path, (4, 1000), (8, 2000), (14, 3000))
    assert [(one.line, one.at) for one in Logs(folder).last(2)] == [("two", 2000), ("three", 3000)]


def test_lines_of_all_instances_come_in_order_of_time(folder: Path) -> None:
    for name, at in (("web-1-1.out", 3000), ("web-1-2.err", 1000), ("web-2-1.out", 2000)):
        (folder / name).write_text(f"{at}\n")
        mark(folder / name, (5, at))
    found = list(Logs(folder).last(10))
    assert [one.line for one in found] == ["1000", "2000", "3000"]
    assert (found[0].release, found[0].instance, found[0].stream) == (1, "web-1-2", "err")


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        (Query(release=2), ["web-2-1.out", "web-2-2.out"]),
        (Query(instance="web-1-1"), ["web-1-1.err", "web-1-1.out"]),
        (Query(release=7), []),
    ],
    ids=["of a release", "of an instance", "of a release that wrote nothing"],
)
def test_a_part_of_the_lines_is_chosen(folder: Path, query: Query, lines: list[str]) -> None:
    for name in ("web-1-1.out", "web-1-1.err", "web-2-1.out", "web-2-2.out"):
        (folder / name).write_text(f"{name}\n")
    assert sorted(shown(folder, query=query)) == lines


@pytest.mark.parametrize("lines", [0, 1, 2, 3, 99])
def test_the_last_lines_are_counted_over_all_files(folder: Path, lines: int) -> None:
    for name, at in (("web-1-1.out", 1000), ("web-1-1.err", 2000)):
        (folder / name).write_text(f"{name}\n{name}\n")
        mark(folder / name, (100, at))
    every = ["web-1-1.out"] * 2 + ["web-1-1.err"] * 2
    assert shown(folder, lines) == (every[-lines:] if lines else [])


@pytest.mark.parametrize("size", [LONGEST_LINE + 1, 3 << 20])
def test_a_long_line_is_cut_visibly_and_the_next_one_follows(folder: Path, size: int) -> None:
    path = folder / "web-1-1.out"
    with followed(folder) as seen:
        path.write_bytes(b"x" * size + b"\n" + b"third\n")
        until(lambda: len(seen) == 2)
    long, third = [one.line for one in seen]
    assert long == "x" * LONGEST_LINE + f"… (cut: this line has {size:,} bytes)"
    assert third == "third"
    assert shown(folder) == [long, third]


def test_a_line_is_followed_once_it_is_whole(folder: Path) -> None:
    path = folder / "web-1-1.out"
    path.write_text("old\nhal")
    with followed(folder) as seen, path.open("a") as writer:
        print("f", file=writer, flush=True)
        until(lambda: seen)
    assert [one.line for one in seen] == ["half"]


def test_what_is_written_between_the_last_lines_and_the_new_ones_is_shown(folder: Path) -> None:
    path = folder / "web-1-1.out"
    path.write_text("one\n")
    reading = Logs(folder)
    assert [one.line for one in reading.last(10, with_rest=False)] == ["one"]
    with path.open("a") as writer:
        print("two", file=writer)
    assert next(reading.follow(lambda: False)).line == "two"


def test_a_new_file_is_followed_from_its_beginning_also_under_an_old_name(folder: Path) -> None:
    path = folder / "web-1-1.out"
    path.write_text("old\n")
    with followed(folder) as seen:
        path.rename(folder / "away")
        path.write_text("new, and longer\n")
        (folder / "web-2-1.out").write_text("another\n")
        until(lambda: len(seen) == 2)
    assert sorted(one.line for one in seen) == ["another", "new, and longer"]


@pytest.mark.parametrize(
    ("out", "err", "tail"),
    [
        ("started\n", "failed\n", ("started", "failed")),
        ("", "x" * 20_000 + "the end\n", ("x" * 1334 + "…" + "x" * 659 + "the end (cut: this line has 20,007 bytes)",)),
        ("", "y" * 20_000, ("y" * 1334 + "…" + "y" * 666 + " (cut: this line has 20,000 bytes)",)),
        ("".join(f"{number}\n" for number in range(50)), "", tuple(str(number) for number in range(30, 50))),
        ("", "", ()),
    ],
    ids=["both streams", "a long last line", "a long last line without an end", "many lines", "nothing"],
)
def test_the_last_words_of_a_process_are_kept(folder: Path, out: str, err: str, tail: tuple[str, ...]) -> None:
    (folder / "web-1-1.out").write_text(out)
    (folder / "web-1-1.err").write_text(err)
    mark(folder / "web-1-1.out", (10**6, 1000))
    mark(folder / "web-1-1.err", (10**6, 2000))
    assert files.tail(folder, "web-1-1") == tail


def test_the_last_words_are_those_of_the_last_process_only(folder: Path) -> None:
    path = folder / "web-1-1.out"
    path.write_text("healthy\nfailed\n")
    mark(path, (len("healthy\n"), 1000), (len("healthy\nfailed\n"), 2000))
    assert files.tail(folder, "web-1-1", since=1500.0) == ("failed",)


# cutting


@pytest.mark.failure("F79")
def test_a_full_log_loses_its_oldest_lines_and_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, 100_000)
    path = folder / "web-1-1.out"
    with path.open("a") as writer:
        for number in range(20_000):
            print(number, file=writer, flush=number % 1000 == 999)
            log_rotation.trim(path)
    kept = [int(line) for line in shown(folder, 20_000)]
    assert kept == list(range(kept[0], 20_000))
    assert path.stat().st_blocks * 512 <= 110_000
    assert len(kept) > 14_000


@pytest.mark.failure("F79")
def test_a_log_is_emptied_where_its_beginning_cannot_be_freed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(descriptor: int, length: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(log_rotation, "punch_hole", refused)
    limit(monkeypatch, 1000)
    path = folder / "web-1-1.out"
    path.write_text("x" * 1000 + "\n")
    with followed(folder) as seen:
        with path.open("a") as writer:
            print("old", file=writer)
        os.utime(path, (1000, 1000))
        until(lambda: len(seen) == 1)
        log_rotation.trim(path)
        assert path.stat().st_size == 0
        path.write_text("new\n")
        os.utime(path, (2000, 2000))
        until(lambda: len(seen) == 3)
    assert "lines are missing here" in seen[1].line
    assert [(one.line, one.at) for one in (seen[0], seen[2])] == [("old", 1000), ("new", 2000)]


def test_who_reads_too_slowly_is_shown_that_lines_are_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, 100_000)
    path = folder / "web-1-1.out"
    path.write_text("read\n")
    reading = Logs(folder)
    assert [one.line for one in reading.last(1, with_rest=False)] == ["read"]
    with path.open("a") as writer:
        writer.writelines(f"{number}\n" for number in range(50_000))
    log_rotation.trim(path)
    found = [one.line for one in itertools.islice(reading.follow(lambda: False), 10_000)]
    assert "bytes are missing here" in found[0]
    assert [int(line) for line in found[1:]] == list(range(int(found[1]), int(found[1]) + 9_999))


WRITER = """
import os, sys, time
for number in range(int(sys.argv[1])):
    os.write(1, b"%d %d ................................................\\n" % (number, time.time_ns()))
    if number % 1000 == 999:
        time.sleep(0.002)  # The follower shares its interpreter with the test.
"""


async def write(path: Path, lines: int) -> None:
    """Let a process write so many numbered lines as fast as it can."""
    with path.open("ab") as file:
        writer = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, str(lines), stdout=file)
        assert await writer.wait() == 0


@pytest.mark.failure("F79")
def test_no_line_of_a_service_that_writes_at_full_speed_is_lost(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, 16_000_000)  # Of 17,6 MB: the log is cut while it is written and followed.

    async def story() -> None:
        watch = LogWatch(folder.parent)
        watch.start()
        await write(folder / "web-1-1.out", 250_000)
        watch.close()

    with followed(folder) as seen:
        asyncio.run(story())
        until(lambda: len(seen) == 250_000)
    assert [int(one.line.split()[0]) for one in seen] == list(range(250_000))
    kept = list(Logs(folder).last(250_000))
    assert len(kept) < 250_000
    assert kept == seen[-len(kept) :]


# times


def test_the_time_of_a_line_is_that_of_its_writing(folder: Path) -> None:
    async def story() -> None:
        watch = LogWatch(folder.parent)
        watch.start()
        for _ in range(20):
            await write(folder / "web-1-1.out", 1)
        await asyncio.sleep(0.05)
        watch.close()

    asyncio.run(story())
    off = sorted(abs(one.at - int(one.line.split()[1]) / 1e9) for one in Logs(folder).last(20))
    assert len(off) == 20
    assert off[10] < 0.005
    assert off[-1] < 0.1


def test_marks_are_kept_over_a_restart_and_cut_with_the_log(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, 100_000)
    path = folder / "web-1-1.out"
    path.write_text("first\n")

    async def story() -> None:
        for _ in range(2):
            watch = LogWatch(folder.parent)
            watch.start()
            for _ in range(500):
                with path.open("a") as writer:
                    writer.write("x" * 399 + "\n")
                watch._look_at_all()
            watch.close()

    asyncio.run(story())
    marks = os.open(times.times_of(path), os.O_RDONLY)
    assert os.fstat(marks).st_size == 1001 * times.MARK.size
    assert log_rotation.data_start(marks) == 8192
    assert len({one.at for one in Logs(folder).last(1000)}) > 200


def test_a_line_is_shown_though_no_supervisor_marks_it(folder: Path) -> None:
    path = folder / "web-1-1.out"
    path.write_text("one\n")
    os.utime(path, (1000, 1000))
    assert [(one.line, one.at) for one in Logs(folder).last(1)] == [("one", 1000)]


def test_a_time_that_was_shown_while_no_supervisor_ran_stays(folder: Path) -> None:
    path = folder / "web-1-1.out"
    path.write_text("one\n")
    os.utime(path, (1000, 1000))
    first = list(Logs(folder).last(1))
    with path.open("a") as writer:
        print("two", file=writer)

    async def story() -> None:
        watch = LogWatch(folder.parent)
        watch.start()
        watch.close()

    assert next(Logs(folder).last(2)) == first[0]
    asyncio.run(story())
    assert next(Logs(folder).last(2)) == first[0]


def test_a_mark_torn_by_a_power_cut_does_not_change_the_times_of_later_lines(folder: Path) -> None:
    path = folder / "web-1-1.out"
    path.write_text("one\n")
    os.utime(path, (2000, 2000))
    mark(path, (2, 1000))
    with times.times_of(path).open("ab") as marks:
        marks.write(b"torn!")
    with path.open("a") as writer:
        print("two", file=writer)
    os.utime(path, (2000, 2000))
    assert [(one.line, one.at) for one in Logs(folder).last(2)] == [("one", 1000), ("two", 2000)]


def test_a_mark_that_is_written_in_part_is_an_error_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write = folder / "web-1-1.out", os.write
    path.write_text("one\n")
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:5]))
    assert not times.mark_unwatched(path)
    assert times.times_of(path).read_bytes() == b""


def test_marks_that_are_cut_off_while_they_are_read_are_no_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, read = folder / "web-1-1.out", os.pread
    path.write_text("one\n")
    os.utime(path, (1000, 1000))
    mark(path, (4, 2000))

    def cut_off_first(descriptor: int, size: int, offset: int) -> bytes:
        os.truncate(times.times_of(path), 0)
        return read(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", cut_off_first)
    assert Times(path).at(0) is None


def test_a_supervisor_takes_the_lock_of_the_marks_once_a_reader_has_released_it(folder: Path) -> None:
    path = folder / "web-1-1.out"
    path.write_text("one\n")
    mark(path, (2, 1000))
    with times.times_of(path).open("ab") as reader:
        reader.write(b"torn!")
        reader.flush()
        fcntl.flock(reader, fcntl.LOCK_EX)
        asyncio.run(watch_until_released(folder.parent, path, reader))


async def watch_until_released(logs_folder: Path, path: Path, reader: IO[bytes]) -> None:
    watch = LogWatch(logs_folder)
    watch.start()
    watch._look_at_all()
    assert times.times_of(path).stat().st_size == times.MARK.size + 5
    fcntl.flock(reader, fcntl.LOCK_UN)
    watch._look_at_all()
    assert times.times_of(path).stat().st_size == 2 * times.MARK.size
    assert not times.mark_unwatched(path)
    watch.close()


def test_logs_are_marked_each_second_where_they_cannot_be_watched(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(linux_calls, "inotify", refused)

    async def story() -> None:
        watch = LogWatch(folder.parent)
        watch.start()
        (folder / "web-1-1.out").write_text("one\n")
        watch.tick()
        watch.close()

    asyncio.run(story())
    assert times.times_of(folder / "web-1-1.out").stat().st_size == times.MARK.size


# with a supervisor


def test_new_lines_are_followed(place: Place, tmp_path: Path) -> None:
    more = tmp_path / "more"
    script = f"echo first; while ! test -e {more}; do sleep 0.02; done; echo second; exec sleep 60"
    place.up(member(worker("sh", "-c", script)), service="worker")
    found = place.target.logs("worker", LogQuery(follow=True))
    assert next(found).line == "first"
    more.touch()
    assert next(found).line == "second"


def test_a_supervisor_marks_lines_at_once(place: Place) -> None:
    script = "date +%s.%N; while sleep 0.1; do date +%s.%N; done"
    place.up(member(worker("sh", "-c", script)), service="worker")
    path = place.folders.logs / "worker" / "worker-1-1.out"
    place.until(lambda: len(path.read_text().splitlines()) > 15, "15 lines")
    found = list(Logs(path.parent).last(15))
    off = sorted(one.at - float(one.line) for one in found)
    assert off[0] >= 0
    assert off[7] < 0.02
    assert set(found) <= set(Logs(path.parent).last(1000))
