"""The journal in one SQLite file, which plain `sqlite3` can read."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import accumulate, chain
from pathlib import Path

import msgspec

from mainstay.errors import JournalCorrupt
from mainstay.history import journal_file
from mainstay.history.journal import (
    GENESIS,
    JournalEntry,
    Owner,
    Row,
    Signer,
    Verification,
    Verifier,
    chained,
    run_after,
    verify_chain,
)
from mainstay.history.signed_head import Head
from mainstay.system.atomic_file import sync
from mainstay.system.clock import Clock

ATTEMPTS = 3
"""How often a mismatch must be found before it counts, because another process may be writing."""


class SqliteReader:
    """The journal of one environment for any process; reading needs neither the lock nor write permission."""

    def __init__(self, path: Path, head: Path) -> None:
        self._path = path
        self._head = Head(head)

    def rows(self, run: str | None = None, *, after: int = 0) -> list[Row]:
        with self._open() as database:
            return [row for row, _ in journal_file.stored(database, run, after)]

    def owner(self) -> Owner | None:
        """Return the process that took the lock last; None once it has released the lock.

        A process that died leaves its entry behind: only the lock itself shows whether it is held now.
        """
        with self._open() as database:
            return journal_file.owner(database)

    def request_abort(self, run: str, by: str) -> bool:
        """Request, for the user *by*, that the process executing *run* undoes it.

        Return False when no process is recorded for *run*.
        """
        if not self._path.exists():
            return False
        with journal_file.translating_errors(self._path), closing(journal_file.connect(self._path, "rw")) as database:
            updated = database.execute("update owner set abort_requested_for = ? where run = ?", (f"{run} {by}", run))
            return updated.rowcount == 1

    def verify(self, key: Verifier | None = None) -> Verification:
        """Return the result of verifying all rows and the head; the head's signature is verified only with *key*."""
        verdict = self._verified(key)
        for _ in range(ATTEMPTS - 1):
            # Another process may write between the reads of rows and head, so only a repeated mismatch counts.
            verdict = self._verified(key) if verdict.bad else verdict
        return verdict

    def export(self) -> Iterator[bytes]:
        """Yield each row, with its hash, as a line of JSON."""
        with self._open() as database:
            for row, kept in journal_file.stored(database):
                line = {**msgspec.structs.asdict(row), "body": msgspec.Raw(row.body), "hash": kept.hex()}
                yield msgspec.json.encode(line) + b"\n"

    def _verified(self, key: Verifier | None) -> Verification:
        try:
            with self._open() as database:
                stored = list(journal_file.stored(database))
        except JournalCorrupt as reason:
            return Verification(0, 1, reason.what)
        chain = verify_chain(stored)
        if chain.bad or not (stored or self._head.path.exists()):
            return chain
        head = self._head.verify(len(stored), lambda sequence: stored[sequence - 1][1], key)
        return head if head.bad else chain

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file for reading; a file that does not exist yet reads as an empty journal."""
        with journal_file.translating_errors(self._path), closing(journal_file.reading(self._path)) as database:
            journal_file.known_format(database, self._path)
            yield database


class SqliteJournal:
    """The journal of one environment, for the process that holds the lock.

    Opening it verifies the head and the rows from the signed row on, then signs the last row. It raises
    JournalCorrupt when one of those rows was changed, or when rows up to the signed one are lost. `SqliteReader.verify`
    verifies all rows.
    """

    def __init__(self, path: Path, head: Path, clock: Clock, key: Signer) -> None:
        self._path = path
        self._clock = clock
        self._key = key
        self._head = Head(head)
        self._guard = threading.RLock()
        with journal_file.translating_errors(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._database = journal_file.connect(path, "rw")
            journal_file.prepare(self._database, path)
        self._sequence, self._hash = self._verified()
        sync(path.parent)

    def append(self, run: str, *entries: JournalEntry, sign: bool = False) -> list[Row]:
        with self._guard, journal_file.translating_errors(self._path):
            at = self._clock.now().isoformat(timespec="milliseconds")
            rows = [Row(number, at, run, *entry) for number, entry in enumerate(entries, self._sequence + 1)]
            hashes = list(accumulate(rows, chained, initial=self._hash))[1:]
            self._insert(rows, hashes)
            self._sequence, self._hash = rows[-1].sequence, hashes[-1]
            if sign:
                self._head.write(self._sequence, self._hash, self._key)
            return rows

    def _insert(self, rows: list[Row], hashes: list[bytes]) -> None:
        """Insert *rows* in one statement, which is one transaction."""
        values = [
            (row.sequence, row.at, row.run, row.name, row.body.decode(), kept)
            for row, kept in zip(rows, hashes, strict=True)
        ]
        places = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(rows))
        self._database.execute(
            f"insert into row (sequence, at, run, name, body, hash) values {places}",
            tuple(chain.from_iterable(values)),
        )

    def rows(self, run: str | None = None, *, after: int = 0) -> list[Row]:
        with self._guard, journal_file.translating_errors(self._path):
            return [row for row, _ in journal_file.stored(self._database, run, after)]

    def sequence(self) -> int:
        return self._sequence

    def next_run(self) -> str:
        with self._guard, journal_file.translating_errors(self._path):
            return run_after(run for (run,) in self._database.execute("select distinct run from row"))

    def checkpoint(self) -> None:
        # If the checkpoint fails, the rows stay just as safe in the WAL, and the next checkpoint moves them.
        with self._guard, suppress(sqlite3.OperationalError):
            self._database.execute("pragma wal_checkpoint(truncate)").fetchall()

    def set_owner(self, owner: Owner) -> None:
        with self._guard, journal_file.translating_errors(self._path):
            values = msgspec.structs.asdict(owner)
            self._database.execute(
                f"insert or replace into owner (one, {', '.join(values)}) values (1{', ?' * len(values)})",
                tuple(values.values()),
            )

    def clear_owner(self) -> None:
        with self._guard, journal_file.translating_errors(self._path):
            self._database.execute("delete from owner")

    def abort_requested_by(self, run: str) -> str | None:
        with self._guard, journal_file.translating_errors(self._path):
            owner = journal_file.owner(self._database)
        return owner.abort_requested_by(run) if owner else None

    def close(self) -> None:
        # A step left behind by a second interrupt may be writing; closing during its write would crash the process.
        with self._guard:
            self._database.close()

    def _verified(self) -> tuple[int, bytes]:
        """Verify the head and the rows from the signed row on, then sign the last row. Return its sequence and hash.

        Raises JournalCorrupt when a row was changed or is missing.
        """
        with journal_file.translating_errors(self._path):
            last = journal_file.last(self._database)
            if last == 0 and not self._head.path.exists():
                self._head.write(0, GENESIS, self._key)
                return 0, GENESIS
            verdict = self._head.verify(last, partial(journal_file.hash_of, self._database), self._key)
            if verdict.bad is None:
                start = max(verdict.rows - 1, 0)
                previous = journal_file.hash_of(self._database, start) or GENESIS
                verdict = verify_chain(journal_file.stored(self._database, after=start), after=start, previous=previous)
            if verdict.bad is not None:
                raise JournalCorrupt(f"{self._path}: {verdict.why}", remedy=journal_file.RESTORE)
            kept = journal_file.hash_of(self._database, last) or GENESIS
        self._head.write(last, kept, self._key)
        return last, kept
