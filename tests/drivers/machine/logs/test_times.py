"""The times of log lines, from marks beside the logs."""

import os
from pathlib import Path

import pytest

from mainstay.drivers.machine.logs import times
from mainstay.drivers.machine.logs.files import Logs
from mainstay.drivers.machine.logs.times import Times
from tests.drivers.machine.logs.log_files import mark


def test_an_unmarked_line_has_the_time_of_the_file(folder: Path, path: Path) -> None:
    path.write_text("one\n")
    os.utime(path, (1000, 1000))
    assert [(one.line, one.at) for one in Logs(folder).last(1)] == [("one", 1000)]


def test_a_mark_torn_by_a_power_cut_does_not_change_the_times_of_later_lines(folder: Path, path: Path) -> None:
    path.write_text("one\n")
    os.utime(path, (2000, 2000))
    mark(path, (2, 1000))
    with times.times_of(path).open("ab") as marks:
        marks.write(b"torn!")
    with path.open("a") as writer:
        print("two", file=writer)
    os.utime(path, (2000, 2000))
    assert [(one.line, one.at) for one in Logs(folder).last(2)] == [("one", 1000), ("two", 2000)]


def test_a_partly_written_mark_is_an_error_and_is_removed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    path.write_text("one\n")
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:5]))
    assert not times.mark_unwatched(path)
    assert times.times_of(path).read_bytes() == b""


def test_marks_truncated_during_a_read_count_as_missing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = os.pread
    path.write_text("one\n")
    os.utime(path, (1000, 1000))
    mark(path, (4, 2000))

    def cut_off_first(descriptor: int, size: int, offset: int) -> bytes:
        os.truncate(times.times_of(path), 0)
        return read(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", cut_off_first)
    assert Times(path).at(0) is None
