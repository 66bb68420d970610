"""The journal's interface: its rows, their hash chain, and the owner of the environment's lock."""

import hashlib
from collections.abc import Iterable
from typing import Protocol

import msgspec

from mainstay.errors import Parked

GENESIS = bytes(32)


class Row(msgspec.Struct, frozen=True):
    """One event of a run. `at` is an RFC 3339 time with zone, `body` is JSON."""

    sequence: int
    at: str
    run: str
    name: str
    body: bytes


class Owner(msgspec.Struct, frozen=True):
    """The process that holds the environment's lock, and the run that it holds it for."""

    run: str
    who: str
    host: str
    pid: int
    since: str
    message: str = ""
    fence: int = 0
    abort_requested_for: str | None = None


JournalEntry = tuple[str, bytes]
"""The name and the body of an event to append."""


class Verification(msgspec.Struct, frozen=True):
    """The result of verifying up to row `rows`; `bad` is the row at which a change or a loss was found."""

    rows: int
    bad: int | None = None
    why: str = ""


class JournalUnwritable(Parked):
    """The journal cannot be written: the action to be recorded has not started, and the run is resumable."""

    code = "journal-unwritable"


class Verifier(Protocol):
    """The public half of the key that signs heads."""

    def signed(self, data: bytes, signature: bytes) -> bool: ...


class Signer(Verifier, Protocol):
    """The key that signs heads."""

    def sign(self, data: bytes) -> bytes: ...


class Journal(Protocol):
    """The journal for the process that holds the lock."""

    def rows(self, run: str | None = None, *, after: int = 0) -> list[Row]:
        """Return the rows of *run*, or of all runs, with a sequence above *after*, in order."""

    def append(self, run: str, *entries: JournalEntry, sign: bool = False) -> list[Row]:
        """Append a row for each of *entries*, in one transaction, and return the rows; they are durable then.

        With *sign* the head is then signed for the last row: from now on the loss of it or of an earlier row is
        detected. Raises JournalUnwritable when the rows could not be written; then none of them was.
        """

    def sequence(self) -> int:
        """Return the sequence of the last row; 0 before the first."""

    def next_run(self) -> str:
        """Return the id for the next run."""

    def checkpoint(self) -> None:
        """Move all rows into the main file, so that a copy of that file alone is complete."""

    def set_owner(self, owner: Owner) -> None:
        """Record the process that holds the lock; this clears earlier abort requests."""

    def clear_owner(self) -> None:
        """Record that no process holds the lock any more."""

    def abort_requested(self, run: str) -> bool:
        """Return whether an abort was requested for *run*."""


def chained(previous: bytes, row: Row) -> bytes:
    """Return the hash of *row*: SHA-256 over the previous hash, then the row's fields, a line each, then its body."""
    lines = f"{row.sequence}\n{row.at}\n{row.run}\n{row.name}\n".encode()
    return hashlib.sha256(previous + lines + row.body).digest()


def verify_chain(stored: Iterable[tuple[Row, bytes]], *, after: int = 0, previous: bytes = GENESIS) -> Verification:
    """Return the verdict on the hash chain; it names the first row whose sequence or hash is wrong.

    The chain begins after row *after*, whose hash is *previous*.
    """
    count = after
    for row, kept in stored:
        previous = chained(previous, row)
        if row.sequence != count + 1 or previous != kept:
            return Verification(count, count + 1, f"row {count + 1} does not have the hash of its content")
        count += 1
    return Verification(count)


def run_after(runs: Iterable[str]) -> str:
    """Return the id after the highest of *runs*: `r-0008` after `r-0007`, `r-0001` when there is none."""
    return f"r-{max((int(run[2:]) for run in runs), default=0) + 1:04d}"
