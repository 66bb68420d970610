"""The journal's interface: its rows, their hash chain, and the owner of the environment's lock."""

import hashlib
from collections.abc import Iterable
from typing import Protocol

import msgspec

from mainstay.errors import Parked

GENESIS = bytes(32)
"""The hash that precedes the first row."""


class Row(msgspec.Struct, frozen=True):
    """One event of a run. `name` is the kind of event, `body` its JSON, `at` an RFC 3339 time with zone."""

    sequence: int
    """Its position in the journal, from 1, over all runs."""
    at: str
    run: str
    name: str
    body: bytes


class Owner(msgspec.Struct, frozen=True):
    """The process that holds the environment's lock, and the run that it executes."""

    run: str
    who: str
    host: str
    pid: int
    since: str
    message: str = ""
    fence: int = 0
    abort_requested_for: str | None = None
    """The run that another process has asked this one to undo, and the user who asked: `r-0007 ann`; None: no
    request."""

    def abort_requested_by(self, run: str) -> str | None:
        """Return the user who requested the abort of *run*; None without a request."""
        requested, _, user = (self.abort_requested_for or "").partition(" ")
        return user if requested == run else None


JournalEntry = tuple[str, bytes]
"""The name and the body of an event to append."""


class Verification(msgspec.Struct, frozen=True):
    """The result of verifying a journal."""

    rows: int
    """The sequence of the last row that was verified and is intact; 0: none."""
    bad: int | None = None
    """The sequence of the first row that was changed or is missing; None: the journal is intact."""
    why: str = ""
    """What is wrong with the row `bad`."""


class JournalUnwritable(Parked):
    """The journal cannot be written. A step starts only after its start is recorded, so the run can be resumed."""

    code = "journal-unwritable"


class Verifier(Protocol):
    """The public half of the key that signs the journal's head (`signed_head`)."""

    def signed(self, data: bytes, signature: bytes) -> bool:
        """Return whether *signature* was made for *data* with the private half of the key."""
        ...


class Signer(Verifier, Protocol):
    """The key that signs the journal's head (`signed_head`)."""

    def sign(self, data: bytes) -> bytes: ...


class Journal(Protocol):
    """The journal of one environment, for the process that holds its lock."""

    def rows(self, run: str | None = None, *, after: int = 0) -> list[Row]:
        """Return the rows of *run*, or of all runs, with a sequence above *after*, in order."""

    def append(self, run: str, *entries: JournalEntry, sign: bool = False) -> list[Row]:
        """Append a row for each of *entries* in one transaction. Return the rows, which are then durable.

        With *sign* the head is signed for the last row, so that a later loss of this or an earlier row is detected.
        Raises JournalUnwritable when the rows could not be written; then the journal contains none of them.
        """

    def sequence(self) -> int:
        """Return the sequence of the last row; 0 before the first."""

    def next_run(self) -> str:
        """Return the id for the next run."""

    def checkpoint(self) -> None:
        """Move all rows from the write-ahead log into the main file, so that a copy of that file alone is complete."""

    def set_owner(self, owner: Owner) -> None:
        """Record the process that holds the lock; this clears earlier abort requests."""

    def clear_owner(self) -> None:
        """Record that no process holds the lock any more."""

    def abort_requested_by(self, run: str) -> str | None:
        """Return the user who requested the abort of *run*; None without a request."""


def chained(previous: bytes, row: Row) -> bytes:
    """Return the hash of *row*: SHA-256 over *previous*, then sequence, time, run and name, a line each, then the body.

    *previous*: the hash of the preceding row; `GENESIS` for the first.
    """
    lines = f"{row.sequence}\n{row.at}\n{row.run}\n{row.name}\n".encode()
    return hashlib.sha256(previous + lines + row.body).digest()


def verify_chain(stored: Iterable[tuple[Row, bytes]], *, after: int = 0, previous: bytes = GENESIS) -> Verification:
    """Return the result of verifying the hash chain: the first row whose sequence or hash is wrong, if any.

    *stored* has the rows after row *after*, each with its stored hash; *previous* is the hash of row *after*.
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
