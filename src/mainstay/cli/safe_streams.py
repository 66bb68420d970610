"""stdout and stderr that end nothing: no reader that goes away and no character raises in the middle of a release."""

import io
import os
import select
import sys
from typing import Any, TextIO


class Unbroken(io.FileIO):
    """A descriptor that takes every write; what cannot be written any more is dropped."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data) or 0
        except OSError:
            return len(data)


def make_safe() -> None:
    """Let it be so for this process."""
    sys.stdout = _unbroken(sys.stdout)
    sys.stderr = _unbroken(sys.stderr)


def reader_is_gone(stream: TextIO | None) -> bool:
    """Return whether nothing reads *stream* any more: its pipe is closed, or its terminal has disappeared."""
    if stream is None:
        return True
    poll = select.poll()
    poll.register(stream.fileno(), 0)
    return bool(poll.poll(0))


def is_terminal(stream: TextIO | None) -> bool:
    """Whether *stream* is open and somebody looks at it."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def _unbroken(stream: TextIO | None) -> io.TextIOWrapper:
    number = stream.fileno() if stream is not None else _broken_pipe()
    encoding = stream.encoding if stream is not None else "utf-8"
    raw = Unbroken(number, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors="replace", line_buffering=True)


def _broken_pipe() -> int:
    """Return a pipe without a reader: what a stream is that was closed before the command began."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer
