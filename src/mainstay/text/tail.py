"""The last lines of output, as part of a message."""

from collections.abc import Iterable
from itertools import groupby

LAST_LINES = 10


def last_words(tail: tuple[str, ...]) -> str:
    """Return the last lines of *tail* as the end of a sentence; equal lines in a row become one."""
    return "; its last lines:\n" + "\n".join(f"    {line}" for line in folded(tail)) if tail else ""


def folded(lines: Iterable[str]) -> list[str]:
    """Return the last lines; equal lines in a row become one."""
    counts = [(line, len(list(equal))) for line, equal in groupby(lines)][-LAST_LINES:]
    return [line + (f" … ({times} times)" if times > 1 else "") for line, times in counts]
