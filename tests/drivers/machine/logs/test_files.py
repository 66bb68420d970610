"""Reading and following logs: no line is lost while they are written and cut."""

import itertools
import os
from pathlib import Path

import pytest

from mainstay.drivers.machine.logs import files
from mainstay.drivers.machine.logs.files import Logs, Query
from mainstay.model.log_lines import LogQuery
from mainstay.system import log_rotation
from mainstay.system.log_lines import MAX_LINE_BYTES
from tests.drivers.machine.logs.log_files import followed, limit_logs, mark, wait_until
from tests.drivers.machine.machine import Machine, member, worker


def last_lines(folder: Path, lines: int = 100, query: Query = files.EVERYTHING) -> list[str]:
    return [one.line for one in Logs(folder, query).last(lines)]


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
def test_control_characters_are_removed_or_replaced(folder: Path, raw: bytes, line: str) -> None:
    (folder / "web-1-1.out").write_bytes(raw)
    assert last_lines(folder) == [line]


def test_a_line_has_the_time_of_its_mark(folder: Path, path: Path) -> None:
    path.write_text("one\ntwo\nthree\n")
    mark(path, (4, 1000), (8, 2000), (14, 3000))
    assert [(one.line, one.at) for one in Logs(folder).last(2)] == [("two", 2000), ("three", 3000)]


def test_lines_of_all_instances_are_in_order_of_time(folder: Path) -> None:
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
def test_a_query_selects_a_release_or_an_instance(folder: Path, query: Query, lines: list[str]) -> None:
    for name in ("web-1-1.out", "web-1-1.err", "web-2-1.out", "web-2-2.out"):
        (folder / name).write_text(f"{name}\n")
    assert sorted(last_lines(folder, query=query)) == lines


@pytest.mark.parametrize("lines", [0, 1, 2, 3, 99])
def test_the_last_lines_are_counted_over_all_files(folder: Path, lines: int) -> None:
    for name, at in (("web-1-1.out", 1000), ("web-1-1.err", 2000)):
        (folder / name).write_text(f"{name}\n{name}\n")
        mark(folder / name, (100, at))
    every = ["web-1-1.out"] * 2 + ["web-1-1.err"] * 2
    assert last_lines(folder, lines) == (every[-lines:] if lines else [])


@pytest.mark.parametrize("size", [MAX_LINE_BYTES + 1, 3 << 20])
def test_a_long_line_is_cut_visibly_and_the_next_one_follows(folder: Path, path: Path, size: int) -> None:
    with followed(folder) as seen:
        path.write_bytes(b"x" * size + b"\n" + b"third\n")
        wait_until(lambda: len(seen) == 2)
    long, third = [one.line for one in seen]
    assert long == "x" * MAX_LINE_BYTES + f"… (cut: this line has {size:,} bytes)"
    assert third == "third"
    assert last_lines(folder) == [long, third]


def test_a_follower_gets_a_line_once_it_is_complete(folder: Path, path: Path) -> None:
    path.write_text("old\nhal")
    with followed(folder) as seen, path.open("a") as writer:
        print("f", file=writer, flush=True)
        wait_until(lambda: seen)
    assert [one.line for one in seen] == ["half"]


def test_a_line_written_after_the_last_lines_were_read_is_followed(folder: Path, path: Path) -> None:
    path.write_text("one\n")
    reading = Logs(folder)
    assert [one.line for one in reading.last(10, with_rest=False)] == ["one"]
    with path.open("a") as writer:
        print("two", file=writer)
    assert next(reading.follow(lambda: False)).line == "two"


def test_a_new_file_is_followed_from_its_beginning_even_under_an_old_name(folder: Path, path: Path) -> None:
    path.write_text("old\n")
    with followed(folder) as seen:
        path.rename(folder / "moved")
        path.write_text("new, and longer\n")
        (folder / "web-2-1.out").write_text("another\n")
        wait_until(lambda: len(seen) == 2)
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
def test_the_tail_has_the_last_lines_of_both_streams(folder: Path, out: str, err: str, tail: tuple[str, ...]) -> None:
    (folder / "web-1-1.out").write_text(out)
    (folder / "web-1-1.err").write_text(err)
    mark(folder / "web-1-1.out", (10**6, 1000))
    mark(folder / "web-1-1.err", (10**6, 2000))
    assert files.tail(folder, "web-1-1") == tail


def test_the_tail_has_only_lines_of_the_last_process(folder: Path, path: Path) -> None:
    path.write_text("healthy\nfailed\n")
    mark(path, (len("healthy\n"), 1000), (len("healthy\nfailed\n"), 2000))
    assert files.tail(folder, "web-1-1", since=1500.0) == ("failed",)


@pytest.mark.failure("F79")
def test_a_full_log_loses_its_oldest_lines_and_no_other(
    folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_logs(monkeypatch, 100_000)
    with path.open("a") as writer:
        for number in range(20_000):
            print(number, file=writer, flush=number % 1000 == 999)
            log_rotation.trim(path)
    kept = [int(line) for line in last_lines(folder, 20_000)]
    assert kept == list(range(kept[0], 20_000))
    assert path.stat().st_blocks * 512 <= 110_000
    assert len(kept) > 14_000


@pytest.mark.failure("F79")
def test_a_log_is_emptied_where_its_beginning_cannot_be_freed(
    folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_error(descriptor: int, length: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(log_rotation, "punch_hole", raise_error)
    limit_logs(monkeypatch, 1000)
    path.write_text("x" * 1000 + "\n")
    with followed(folder) as seen:
        with path.open("a") as writer:
            print("old", file=writer)
        os.utime(path, (1000, 1000))
        wait_until(lambda: len(seen) == 1)
        log_rotation.trim(path)
        assert path.stat().st_size == 0
        path.write_text("new\n")
        os.utime(path, (2000, 2000))
        wait_until(lambda: len(seen) == 3)
    assert "lines are missing here" in seen[1].line
    assert [(one.line, one.at) for one in (seen[0], seen[2])] == [("old", 1000), ("new", 2000)]


def test_a_slow_follower_is_informed_about_missing_lines(
    folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_logs(monkeypatch, 100_000)
    path.write_text("read\n")
    reading = Logs(folder)
    assert [one.line for one in reading.last(1, with_rest=False)] == ["read"]
    with path.open("a") as writer:
        writer.writelines(f"{number}\n" for number in range(50_000))
    log_rotation.trim(path)
    found = [one.line for one in itertools.islice(reading.follow(lambda: False), 10_000)]
    assert "bytes are missing here" in found[0]
    assert [int(line) for line in found[1:]] == list(range(int(found[1]), int(found[1]) + 9_999))


def test_new_lines_of_a_service_are_followed(machine: Machine, tmp_path: Path) -> None:
    more = tmp_path / "more"
    script = f"echo first; while ! test -e {more}; do sleep 0.02; done; echo second; exec sleep 60"
    machine.start_fleet(member(worker("sh", "-c", script)), service="worker")
    found = machine.target.logs("worker", LogQuery(follow=True))
    assert next(found).line == "first"
    more.touch()
    assert next(found).line == "second"
