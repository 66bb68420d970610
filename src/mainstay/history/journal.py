"""What a journal is: rows, their chain, who holds the lock, and what one can ask of it."""

import hashlib
from collections.abc import Iterable
from typing import Protocol

import msgspec

from mainstay.errors import Parked

GENESIS = bytes(32)


class Row(msgspec.Struct, frozen=True):
    """One thing that happened in a run. `at` is RFC 3339 with zone, `body` JSON."""

    sequence: int
    at: str
    run: str
    name: str
    body: bytes


class Owner(msgspec.Struct, frozen=True):
    """Who holds the lock, and what for."""

    run: str
    who: str
    host: str
    pid: int
    since: str
    message: str = ""
    fence: int = 0
    abort_requested_for: str | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What verifying found: `bad` is the sequence of the row at which a change or a loss was found."""

    rows: int
    bad: int | None = None
    why: str = ""


class JournalUnwritable(Parked):
    """The journal takes no row: whatever it was to announce has not begun, and the run is resumable."""

    code = "journal-unwritable"


class Verifier(Protocol):
    """The public half of the key that signs heads."""

    def signed(self, data: bytes, signature: bytes) -> bool: ...


class Signer(Verifier, Protocol):
    """The key that signs heads."""

    def sign(self, data: bytes) -> bytes: ...


class Journal(Protocol):
    """A journal as the process that holds the lock reads and writes it."""

    def rows(self, run: str | None = None, *, after: int = 0) -> list[Row]:
        """The rows of *run*, or of all runs, with a sequence above *after*, in order."""
        ...

    def owner(self) -> Owner | None:
        """Who held the lock last and has not let go; whether it is held now, only the lock tells."""
        ...

    def ask_abort(self, run: str) -> bool:
        """Ask the process that carries *run* to go back; False when nobody does."""
        ...

    def append(self, run: str, name: str, body: bytes, *, sign: bool = False) -> Row:
        """Write a row; it is durable when this returns. Raises JournalUnwritable when it could not be written.

        With *sign* the head then names this row: from now on the loss of it or of an earlier row is found.
        """
        ...

    def sequence(self) -> int:
        """The last row's; 0 before the first."""
        ...

    def next_run(self) -> str:
        """The id of a run that is about to begin."""
        ...

    def settle(self) -> None:
        """Bring all rows into the one file, so that a copy of it is whole."""
        ...

    def own(self, owner: Owner) -> None:
        """Say who holds the lock; earlier requests to abort are over."""
        ...

    def disown(self) -> None:
        """Nobody holds the lock any more."""
        ...

    def abort_asked(self, run: str) -> bool:
        """Whether somebody asked the carrier of *run* to go back."""
        ...


def chained(previous: bytes, row: Row) -> bytes:
    """The hash of *row*: SHA-256 over the one before, then its fields, a line each, then its body."""
    lines = f"{row.sequence}\n{row.at}\n{row.run}\n{row.name}\n".encode()
    return hashlib.sha256(previous + lines + row.body).digest()


def first_bad(stored: Iterable[tuple[Row, bytes]]) -> Verdict:
    """The first row that does not follow from the one before."""
    previous, count = GENESIS, 0
    for row, kept in stored:
        previous = chained(previous, row)
        if row.sequence != count + 1 or previous != kept:
            return Verdict(count, count + 1, f"row {count + 1} does not have the hash of its content")
        count += 1
    return Verdict(count)


def run_after(runs: Iterable[str]) -> str:
    """`r-0008` when the highest of *runs* is `r-0007`."""
    return f"r-{max((int(run[2:]) for run in runs), default=0) + 1:04d}"
