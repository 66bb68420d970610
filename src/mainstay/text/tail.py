"""Format the last lines of a process's output as part of a message."""

from collections.abc import Iterable
from itertools import groupby

LAST_LINES = 10


def last_words(tail: tuple[str, ...]) -> str:
    """Return the end of a sentence that quotes the last lines of *tail*; empty if *tail* has none."""
    return "; its last lines:\n" + "\n".join(f"    {line}" for line in folded(tail)) if tail else ""


def folded(lines: Iterable[str]) -> list[str]:
    """Return at most `LAST_LINES` last lines; equal lines in a row become one line with their number."""
    counts = [(line, len(list(equal))) for line, equal in groupby(lines)][-LAST_LINES:]
    return [line + (f" … ({times} times)" if times > 1 else "") for line, times in counts]
