"""The last lines of output, as part of a message."""

from itertools import groupby

LAST_LINES = 10


def last_words(tail: tuple[str, ...]) -> str:
    """Return the last lines of *tail* as the end of a sentence; equal lines in a row become one."""
    folded = [(line, len(list(equal))) for line, equal in groupby(tail)][-LAST_LINES:]
    lines = (f"    {line}" + (f" … ({times} times)" if times > 1 else "") for line, times in folded)
    return "; its last lines:\n" + "\n".join(lines) if tail else ""
