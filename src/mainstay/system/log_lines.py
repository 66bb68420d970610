"""Read the lines of one log file, forwards or only the last ones. A line that is too long is cut visibly."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from mainstay.system.log_rotation import data_start
from mainstay.text.printable import harmless

MAX_LINE_BYTES = 65536
"""A longer line is cut to this many bytes and shown with its length."""
TAIL_LINES = 20
"""The number of a process's last lines of output that messages and `status` show."""
TAIL_LINE_BYTES = 2000
"""A longer line among these is cut to this many bytes."""
_BLOCK = 1 << 20


class Line(NamedTuple):
    """One line of a file."""

    offset: int
    head: bytes
    """The first `MAX_LINE_BYTES` bytes of the line, without the line end."""
    size: int
    """The length of the whole line in bytes, without the line end."""
    notice: str = ""
    """A message to show in place of the line, for example that bytes are missing; empty for an ordinary line."""

    def text(self, longest: int = MAX_LINE_BYTES) -> str:
        """Return the line, safe to show, and visibly cut when it has more than *longest* bytes."""
        if self.notice:
            return self.notice
        if self.size <= longest:
            return _shown(self.head)
        # The end of a long line is often more useful than its middle, such as the error at the end of a JSON line.
        end = self.head[-(longest // 3) :] if self.size == len(self.head) else b""
        start = self.head[: longest - len(end)]
        return f"{_shown(start)}…{_shown(end)} (cut: this line has {self.size:,} bytes)"


def _shown(written: bytes) -> str:
    return harmless(written.decode(errors="replace").rstrip("\r"))


class LogFile:
    """One open log file, read forwards. Reading continues in the same file when another file takes its name."""

    def __init__(self, path: Path) -> None:
        """Open the log *path*, to be read from the oldest whole line that it still holds."""
        self.path = path
        self.descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        self.inode = os.fstat(self.descriptor).st_ino
        self.offset = data_start(self.descriptor)
        """The byte offset of the line that is read next."""
        self._position = self.offset
        self._head = b""
        self._in_fragment = self.offset > 0

    def begin_at(self, offset: int) -> None:
        """Begin with the line whose first byte is at *offset*."""
        self._position = self.offset = offset
        self._head, self._in_fragment = b"", False

    def size(self) -> int:
        return os.fstat(self.descriptor).st_size

    def close(self) -> None:
        os.close(self.descriptor)

    def lines(self) -> Iterator[Line | None]:
        """Yield each line once its line end is written; None each time there is no further line yet."""
        while True:
            chunk = os.pread(self.descriptor, _BLOCK, self._position)
            if notice := self._missed():
                yield Line(self.offset, b"", 0, notice)
                continue
            *whole, rest = chunk.split(b"\n")
            for piece in whole:
                yield from self._line(piece)
            self._head += rest[: MAX_LINE_BYTES - len(self._head)]
            self._position += len(rest)
            if not chunk:
                yield None

    def rest(self) -> Line | None:
        """Return the last line if it has no line end yet; None if there is none, or rotation removed its beginning."""
        size = self._position - self.offset
        return Line(self.offset, self._head, size) if size and not self._in_fragment else None

    def _line(self, piece: bytes) -> Iterator[Line]:
        self._position += len(piece) + 1
        line = Line(self.offset, (self._head + piece)[:MAX_LINE_BYTES], self._position - 1 - self.offset)
        is_whole, self._in_fragment = not self._in_fragment, False
        self.offset, self._head = self._position, b""
        if is_whole:
            yield line

    def _missed(self) -> str:
        """Return the message for bytes missing at the position, and move to where the data begins now."""
        size = self.size()
        if size < self._position:
            self._position = self.offset = 0
            self._head, self._in_fragment = b"", False
            return "… (lines are missing here: the log had reached its limit and was emptied)"
        start = data_start(self.descriptor)
        if start <= self._position:
            return ""
        missed = start - self.offset
        self._position = self.offset = start
        self._head, self._in_fragment = b"", True
        return f"… ({missed:,} bytes are missing here: the log had reached its limit before they were read)"


def last_lines(path: Path) -> tuple[str, ...]:
    """Return the last `TAIL_LINES` lines of a file, each cut to `TAIL_LINE_BYTES`; none if the file does not exist."""
    try:
        file = LogFile(path)
    except FileNotFoundError:
        return ()
    with closing(file):
        file.begin_at(last_lines_begin(file.descriptor, TAIL_LINES)[0])
        lines = [*iter(file.lines().__next__, None), file.rest()]
        return tuple(line.text(TAIL_LINE_BYTES) for line in lines if line is not None)[-TAIL_LINES:]


def last_lines_begin(descriptor: int, lines: int) -> tuple[int, int]:
    """Return the byte offset at which the last *lines* whole lines of a file begin, and their number.

    The number is lower than *lines* if the file has fewer. Bytes after the last line end are not a whole line.
    """
    first = data_start(descriptor)
    end = os.fstat(descriptor).st_size
    begin, found = first, -1
    while end > first and found < lines:
        start = max(first, end - _BLOCK)
        block = os.pread(descriptor, end - start, start)
        end, place = start, len(block)
        # Each line begins after the line end of the line before it.
        while found < lines and (place := block.rfind(b"\n", 0, place)) >= 0:
            begin, found = start + place + 1, found + 1
    if found < lines and first == 0:
        return 0, found + 1
    return begin, max(0, found)
