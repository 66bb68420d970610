"""Record and read when the lines of a log were written, as marks in a second file for each log.

A service writes its log itself, so that no line waits for the supervisor. A mark is a size of the log in bytes and the
time at which the log had that size: the bytes from the size in the previous mark up to this size were written then.
"""

import errno
import fcntl
import os
import struct
from bisect import bisect_right
from pathlib import Path

from mainstay.system.log_rotation import data_start

MARK = struct.Struct("<QQ")
"""The format of a mark: the size of the log in bytes, and the time in nanoseconds since the epoch."""
_AT_ONCE = 1024


def times_of(path: Path) -> Path:
    """Return the path of the file of marks of the log *path*."""
    return path.parent / ".times" / path.name


def open_marks(path: Path) -> int:
    """Open the file of (size, time) marks of the log *path*, creating it; return its descriptor."""
    times_of(path).parent.mkdir(mode=0o700, exist_ok=True)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(times_of(path), flags, 0o600)


def drop_torn(marks: int) -> None:
    """Remove an incomplete last mark from a file of marks. The caller holds the lock of the file.

    A power cut or a full disk can leave a part of the last mark; every mark appended after it would be misread.
    """
    torn = os.fstat(marks).st_size % MARK.size
    if torn:
        os.ftruncate(marks, os.fstat(marks).st_size - torn)


def add_mark(marks: int, size: int, at_ns: int) -> None:
    """Append a mark: the log has *size* bytes at *at_ns*, in nanoseconds since the epoch. The caller holds the lock.

    Raises OSError when the mark cannot be written completely.
    """
    if os.write(marks, MARK.pack(size, at_ns)) != MARK.size:
        drop_torn(marks)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def mark_unwatched(path: Path) -> bool:
    """Mark the end of a log with the time of its last change, unless a supervisor watches the log.

    A later change of the log then does not change the times of its present lines. Return whether the log is marked up
    to its end.
    """
    try:
        marks = open_marks(path)
    except OSError:  # On a full or read-only disk the lines are still shown.
        return False
    try:
        fcntl.flock(marks, fcntl.LOCK_EX | fcntl.LOCK_NB)
        drop_torn(marks)
        found = path.stat()
        if found.st_size < last_marked(marks):  # The log was emptied.
            os.ftruncate(marks, 0)
        if found.st_size > last_marked(marks):
            add_mark(marks, found.st_size, found.st_mtime_ns)
        return True
    except OSError:  # BlockingIOError: a supervisor does watch the log.
        return False
    finally:
        os.close(marks)


class Times:
    """The marks of one log, for a reader whose offset only grows, or restarts at 0 when the log was emptied."""

    def __init__(self, path: Path) -> None:
        self._log = path
        self._path = times_of(path)
        self._descriptor: int | None = None
        self._next = 0
        self._marks: list[tuple[int, int]] = []
        self._mark = (0, 0)
        self._offset = 0

    def at(self, offset: int) -> float | None:
        """Return when the byte at *offset* was written, in seconds since the epoch; None: it has no mark yet."""
        if offset < self._offset:  # The log was emptied, and its marks with it.
            self._next, self._marks, self._mark = 0, [], (0, 0)
        self._offset = offset
        while self._mark[0] <= offset:
            if not self._marks and not self._load(offset):
                return None
            self._mark = self._marks.pop()
        return self._mark[1] / 1e9

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _load(self, offset: int) -> bool:
        if self._descriptor is None and not self._open(offset):
            return False
        assert self._descriptor is not None
        if self._are_stale(self._descriptor):
            return False
        data = os.pread(self._descriptor, MARK.size * _AT_ONCE, self._next * MARK.size)
        whole = len(data) // MARK.size
        self._marks = list(MARK.iter_unpack(data[: whole * MARK.size]))[::-1]
        self._next += whole
        return whole > 0

    def _are_stale(self, descriptor: int) -> bool:
        """Return whether the log was just emptied while its marks were not emptied yet."""
        marked = last_marked(descriptor)
        try:
            return marked > self._log.stat().st_size
        except FileNotFoundError:
            return False

    def _open(self, offset: int) -> bool:
        try:
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        self._next = marks_below(self._descriptor, offset)
        return True


def marks_below(descriptor: int, offset: int) -> int:
    """Return how many marks, from the start of a file of marks, are for sizes of at most *offset* bytes."""
    first = -(-data_start(descriptor) // MARK.size)
    count = os.fstat(descriptor).st_size // MARK.size
    return bisect_right(range(count), offset, lo=min(first, count), key=lambda number: mark(descriptor, number)[0])


def mark(descriptor: int, number: int) -> tuple[int, int]:
    """Return the mark *number*, counted from 0: size in bytes and time in nanoseconds since the epoch.

    Return (0, 0) when the mark is gone because the log was just emptied.
    """
    data = os.pread(descriptor, MARK.size, number * MARK.size)
    size, at = MARK.unpack(data) if len(data) == MARK.size else (0, 0)
    return size, at


def last_marked(descriptor: int) -> int:
    """Return the size of the log, in bytes, at the last mark of a file of marks; 0 when it has no mark."""
    count = os.fstat(descriptor).st_size // MARK.size
    return mark(descriptor, count - 1)[0] if count else 0
