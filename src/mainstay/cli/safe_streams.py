"""stdout and stderr that never raise, so that a closed pipe or an unprintable character cannot interrupt a run."""

import io
import os
import select
import sys
from typing import Any, TextIO


class LossyFile(io.FileIO):
    """A file descriptor that accepts every write; data that cannot be written is dropped."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data) or 0
        except OSError:
            return len(data)


def install() -> None:
    """Replace stdout and stderr of this process by streams that never raise."""
    sys.stdout = _safe(sys.stdout)
    sys.stderr = _safe(sys.stderr)


def reader_is_gone(stream: TextIO | None) -> bool:
    """Return whether nothing reads *stream* any more: its pipe is closed or its terminal has gone."""
    if stream is None:
        return True
    poll = select.poll()
    poll.register(stream.fileno(), 0)
    return bool(poll.poll(0))


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether *stream* is open and a terminal."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def _safe(stream: TextIO | None) -> io.TextIOWrapper:
    number = stream.fileno() if stream is not None else _broken_pipe()
    encoding = stream.encoding if stream is not None else "utf-8"
    raw = LossyFile(number, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors="replace", line_buffering=True)


def _broken_pipe() -> int:
    """Return the write end of a pipe without a reader, in place of a stream that was closed before the start."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer
