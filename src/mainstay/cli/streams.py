"""stdout and stderr that end nothing: no reader that goes away and no character raises in the middle of a release."""

import io
import os
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


def is_terminal(stream: TextIO | None) -> bool:
    """Whether *stream* is open and somebody looks at it."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def _unbroken(stream: TextIO | None) -> io.TextIOWrapper:
    number = stream.fileno() if stream is not None else os.open(os.devnull, os.O_WRONLY)
    encoding = stream.encoding if stream is not None else "utf-8"
    raw = Unbroken(number, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors="replace", line_buffering=True)
