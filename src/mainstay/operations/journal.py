"""`journal`: what was recorded, whether it is what was written, and all of it to take away."""

from collections.abc import Iterator

from mainstay.journal import Row, Verdict
from mainstay.operations.context import Context
from mainstay.operations.history import story
from mainstay.signing import PublicKey


def show(context: Context, run: str | None = None) -> list[Row]:
    """The rows of *run*, or of the last one."""
    rows = story(context).rows(run)
    if run is None and rows:
        return [row for row in rows if row.run == rows[-1].run]
    return rows


def verify(context: Context) -> Verdict:
    """Whether every row is what was written and none is missing, by the public key.

    Raises JournalCorrupt when that key cannot be read: then nobody can tell.
    """
    return story(context).verify(PublicKey.read(context.folders.public_key))


def export(context: Context) -> Iterator[bytes]:
    """Every row as a line of JSON."""
    return story(context).export()
