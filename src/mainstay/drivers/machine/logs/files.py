"""Read the logs of a service, with the lines of all files in order of time: the last lines, then new ones."""

import heapq
import itertools
import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from mainstay.drivers.edge.haproxy import access_lines
from mainstay.drivers.machine.logs.times import Times, mark_unwatched
from mainstay.system.log_lines import MAX_LINE_BYTES, TAIL_LINE_BYTES, TAIL_LINES, Line, LogFile, last_lines_begin
from mainstay.text.printable import harmless

EDGE = "edge"
FOLLOW_EVERY_S = 0.1
MARKED_WITHIN_S = 0.3
"""Seconds to wait until the supervisor has marked a line with its time.

The supervisor needs milliseconds for that. So if a line has no mark after this time, no supervisor is running.
"""

_NAME = re.compile(r"(?P<instance>.+-(?P<release>\d+)-\d+|edge)\.(?P<stream>out|err)")
_at = attrgetter("at")


class LoggedLine(NamedTuple):
    """One line of a log, without control characters."""

    at: float
    """Seconds since the epoch."""
    instance: str
    release: int
    """The release whose instance wrote the line, or, in the access log, answered the request; 0: none."""
    stream: str
    """`out`, `err`, or `access` for the access log of the edge."""
    line: str


class Query(NamedTuple):
    """Which lines of a service's logs to return, and how to read them."""

    release: int | None = None
    """Return only the lines of this release; None: of every release."""
    instance: str | None = None
    """Return only the lines of the instance with this id; None: of every instance."""
    longest: int = MAX_LINE_BYTES
    """A longer line is cut to this many bytes."""
    patience_s: float = MARKED_WITHIN_S
    """Seconds to wait until the supervisor has marked a new line with its time."""


EVERYTHING = Query()


class Logs:
    """The logs of one service, in the folder *folder*. `follow` continues where `last` ended, so no line is lost."""

    def __init__(self, folder: Path, query: Query = EVERYTHING) -> None:
        self._folder = folder
        self._query = query
        self._sources: dict[tuple[str, int], _Source] = {}
        """The files by name and inode: when a new file takes over a name, the rest of the earlier one is read too."""

    def last(self, lines: int, *, with_rest: bool = True) -> Iterator[LoggedLine]:
        """Yield the last *lines* lines, oldest first; *with_rest* adds each file's last line if it is not ended yet."""
        self._open_new()
        found = sum(source.begin_with_last(lines) for source in self._sources.values())
        return itertools.islice(self._until_now(with_rest=with_rest), max(0, found - lines), None)

    def follow(self, ended: Callable[[], bool]) -> Iterator[LoggedLine]:
        """Yield lines as they are written, until *ended* returns True or the folder is removed."""
        while not ended():
            self._open_new()
            came = None
            for came in self._until_now():
                yield came
            if came is None and not self._folder.is_dir():
                return
            if came is None:
                time.sleep(FOLLOW_EVERY_S)

    def close(self) -> None:
        for source in self._sources.values():
            source.close()

    def _until_now(self, *, with_rest: bool = False) -> Iterator[LoggedLine]:
        return heapq.merge(*(source.until_now(with_rest=with_rest) for source in self._sources.values()), key=_at)

    def _open_new(self) -> None:
        for entry in _entries(self._folder):
            key = (entry.name, entry.inode())
            if key not in self._sources and (kind := _kind_of(entry.name, self._query)) is not None:
                self._sources[key] = kind(Path(entry.path), self._query)


class _Source:
    """One log file of a service, and the position up to which it was read."""

    def __init__(self, path: Path, query: Query) -> None:
        self._file = LogFile(path)
        self._lines = self._file.lines()
        self._times = Times(path)
        self._query = query
        self._unmarked_since: float | None = None
        name = _NAME.fullmatch(path.name)
        self._name = LoggedLine(0.0, path.stem, int((name and name["release"]) or 0), path.suffix[1:], "")

    def begin_with_last(self, lines: int) -> int:
        """Move to the start of the last *lines* lines, and return how many there are."""
        offset, found = last_lines_begin(self._file.descriptor, lines)
        self._file.begin_at(offset)
        return found

    def until_now(self, *, with_rest: bool) -> Iterator[LoggedLine]:
        """Yield the lines from the position up to the present end of the file.

        Lines that are written meanwhile are left for the next call: one busy file must not delay the other files.
        """
        end = self._file.size()
        emptied = end < self._file.offset
        while (emptied or self._file.offset < end) and (line := next(self._lines)) is not None:
            emptied = False
            if (written := self.written(line)) is not None:
                yield written
        rest = self._file.rest() if with_rest else None
        if rest is not None and (written := self.written(rest)) is not None:
            yield written

    def written(self, line: Line) -> LoggedLine | None:
        """Return the line as shown; None when the query excludes it."""
        return self._name._replace(at=self.time_of(line), line=line.text(self._query.longest))

    def time_of(self, line: Line) -> float:
        """Return when the line was written, in seconds since the epoch; wait while the supervisor may still mark it."""
        while (at := self._times.at(line.offset)) is None and self._may_be_marked():
            time.sleep(0.002)
        if at is None and mark_unwatched(self._file.path):
            at = self._times.at(line.offset)
        if at is None:
            return self._changed()
        self._unmarked_since = None
        return at

    def close(self) -> None:
        self._file.close()
        self._times.close()

    def _may_be_marked(self) -> bool:
        """Return whether the supervisor may still mark the line; False after `patience_s`: no supervisor is running."""
        now = time.monotonic()
        self._unmarked_since = now if self._unmarked_since is None else self._unmarked_since
        age = time.time() - self._changed()
        return age < self._query.patience_s and now - self._unmarked_since < self._query.patience_s

    def _changed(self) -> float:
        return os.fstat(self._file.descriptor).st_mtime


class _AccessSource(_Source):
    """The access log of the edge. Its lines contain their time and the release that answered."""

    def begin_with_last(self, lines: int) -> int:
        if self._query.release is None:
            return super().begin_with_last(lines)
        offsets = deque((line.offset for line in iter(self._lines.__next__, None) if self.written(line)), maxlen=lines)
        self._file.begin_at(offsets[0] if offsets else self._file.offset)
        return len(offsets)

    def written(self, line: Line) -> LoggedLine | None:
        if line.notice:
            return super().written(line)
        try:
            entry = access_lines.read(line.head)
        except ValueError:  # The supervisor was killed while it wrote the line.
            return None
        release = 0 if isinstance(entry, access_lines.Lost) else entry.release or 0
        if self._query.release not in {None, release}:
            return None
        at = datetime.fromisoformat(entry.at).timestamp()
        return LoggedLine(at, EDGE, release, "access", harmless(access_lines.described(entry)))

    def time_of(self, line: Line) -> float:
        return self._changed()


def instances(folder: Path) -> frozenset[tuple[str, int]]:
    """Return the ids of the instances whose logs are in *folder*, each with its release; the edge has release 0."""
    found = (_NAME.fullmatch(entry.name) for entry in _entries(folder))
    return frozenset((name["instance"], int(name["release"] or 0)) for name in found if name)


def tail(folder: Path, instance: str, since: float = 0.0) -> tuple[str, ...]:
    """Return the last lines, at most `TAIL_LINES`, that an instance wrote since *since* (seconds since the epoch).

    The lines of both streams are in order of time where it is known. Each is cut to `TAIL_LINE_BYTES`.
    """
    logs = Logs(folder, Query(instance=instance, longest=TAIL_LINE_BYTES, patience_s=0))
    try:
        return tuple(one.line for one in logs.last(TAIL_LINES) if one.at >= since)
    finally:
        logs.close()


def moment(at: float) -> str:
    """Return the time *at*, in seconds since the epoch, as RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.is_file(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def _kind_of(name: str, query: Query) -> type[_Source] | None:
    """Return the class that reads the file; None when the query excludes it or it is not a log."""
    if name == access_lines.NAME:
        return _AccessSource if query.instance in {None, EDGE} else None
    found = _NAME.fullmatch(name)
    if found is None or query.instance not in {None, found["instance"]}:
        return None
    return _Source if query.release in {None, int(found["release"] or 0)} else None
