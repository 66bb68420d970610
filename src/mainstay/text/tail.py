"""Format the last lines of a process's output as part of a message."""

from collections.abc import Iterable
from itertools import groupby

LAST_LINES = 10


def last_words(tail: tuple[str, ...]) -> str:
    """Return text to append to a message: the last lines of *tail*, a process's output; empty if there are none."""
    return "; its last lines:\n" + "\n".join(f"    {line}" for line in folded(tail)) if tail else ""


def folded(lines: Iterable[str]) -> list[str]:
    """Replace equal lines in a row by one line with their number, and return the last `LAST_LINES` of the result."""
    counts = [(line, len(list(equal))) for line, equal in groupby(lines)][-LAST_LINES:]
    return [line + (f" … ({times} times)" if times > 1 else "") for line, times in counts]
