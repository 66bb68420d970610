"""The journal in one SQLite file, which plain `sqlite3` can read."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgspec

from mainstay.errors import JournalCorrupt
from mainstay.history import journal_file
from mainstay.history.journal import GENESIS, Owner, Row, Signer, Verdict, Verifier, chained, first_bad, run_after
from mainstay.history.signed_head import Head
from mainstay.system.atomic_file import sync
from mainstay.system.clock import Clock

LOOKS = 3


class SqliteStory:
    """The journal of one environment for any process; reading needs neither the lock nor write permission."""

    def __init__(self, path: Path, head: Path) -> None:
        self._path = path
        self._head = Head(head)

    def rows(self, run: str | None = None, *, after: int = 0) -> list[Row]:
        with self._open() as database:
            return [row for row, _ in journal_file.stored(database, run, after)]

    def owner(self) -> Owner | None:
        with self._open() as database:
            return journal_file.owner(database)

    def ask_abort(self, run: str) -> bool:
        if not self._path.exists():
            return False
        with journal_file.telling(self._path), closing(journal_file.connect(self._path, "rw")) as database:
            return journal_file.ask_abort(database, run)

    def verify(self, key: Verifier | None = None) -> Verdict:
        verdict = self._verified(key)
        for _ in range(LOOKS - 1):
            # Another process may write between the reads of rows and head, so only a repeated mismatch counts.
            verdict = self._verified(key) if verdict.bad else verdict
        return verdict

    def export(self) -> Iterator[bytes]:
        with self._open() as database:
            for row, kept in journal_file.stored(database):
                line = {**msgspec.structs.asdict(row), "body": msgspec.Raw(row.body), "hash": kept.hex()}
                yield msgspec.json.encode(line) + b"\n"

    def _verified(self, key: Verifier | None) -> Verdict:
        try:
            with self._open() as database:
                stored = list(journal_file.stored(database))
        except JournalCorrupt as reason:
            return Verdict(0, 1, reason.what)
        verdict = first_bad(stored)
        if verdict.bad or not (stored or self._head.path.exists()):
            return verdict
        return self._head.against([kept for _, kept in stored], key)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file for reading; a file that does not exist yet reads as an empty journal."""
        with journal_file.telling(self._path), closing(journal_file.reading(self._path)) as database:
            journal_file.known_format(database, self._path)
            yield database


class SqliteJournal:
    """The journal of one environment, for the process that holds the lock.

    Opening verifies the hash of every row and compares the head with the row that it names, then signs the last row.
    Raises JournalCorrupt when a row was changed, or when rows up to the head are missing.
    """

    def __init__(self, path: Path, head: Path, clock: Clock, key: Signer) -> None:
        self._path = path
        self._clock = clock
        self._key = key
        self._head = Head(head)
        self._guard = threading.RLock()
        with journal_file.telling(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._database = journal_file.connect(path, "rw")
            journal_file.prepare(self._database, path)
        self._sequence, self._hash = self._checked()
        sync(path.parent)

    def append(self, run: str, name: str, body: bytes, *, sign: bool = False) -> Row:
        with self._guard, journal_file.telling(self._path):
            at = self._clock.now().isoformat(timespec="milliseconds")
            row = Row(self._sequence + 1, at, run, name, body)
            kept = chained(self._hash, row)
            self._database.execute(
                "insert into row (sequence, at, run, name, body, hash) values (?, ?, ?, ?, ?, ?)",
                (row.sequence, at, run, name, body.decode(), kept),
            )
            self._sequence, self._hash = row.sequence, kept
            if sign:
                self._head.write(row.sequence, kept, self._key)
            return row

    def rows(self, run: str | None = None, *, after: int = 0) -> list[Row]:
        with self._guard, journal_file.telling(self._path):
            return [row for row, _ in journal_file.stored(self._database, run, after)]

    def sequence(self) -> int:
        return self._sequence

    def next_run(self) -> str:
        with self._guard, journal_file.telling(self._path):
            return run_after(run for (run,) in self._database.execute("select distinct run from row"))

    def settle(self) -> None:
        # If the checkpoint fails, the rows stay just as safe in the WAL, and the next checkpoint moves them.
        with self._guard, suppress(sqlite3.OperationalError):
            self._database.execute("pragma wal_checkpoint(truncate)").fetchall()

    def own(self, owner: Owner) -> None:
        with self._guard, journal_file.telling(self._path):
            values = msgspec.structs.asdict(owner)
            self._database.execute(
                f"insert or replace into owner (one, {', '.join(values)}) values (1{', ?' * len(values)})",
                tuple(values.values()),
            )

    def disown(self) -> None:
        with self._guard, journal_file.telling(self._path):
            self._database.execute("delete from owner")

    def owner(self) -> Owner | None:
        with self._guard, journal_file.telling(self._path):
            return journal_file.owner(self._database)

    def ask_abort(self, run: str) -> bool:
        with self._guard, journal_file.telling(self._path):
            return journal_file.ask_abort(self._database, run)

    def abort_asked(self, run: str) -> bool:
        owner = self.owner()
        return owner is not None and owner.abort_requested_for == run

    def close(self) -> None:
        # A step left behind by a second interrupt may be writing; closing during its write would crash the process.
        with self._guard:
            self._database.close()

    def _checked(self) -> tuple[int, bytes]:
        with journal_file.telling(self._path):
            stored = list(journal_file.stored(self._database))
        verdict = first_bad(stored)
        hashes = [kept for _, kept in stored]
        if verdict.bad is None and (hashes or self._head.path.exists()):
            verdict = self._head.against(hashes, self._key)
        if verdict.bad is not None:
            raise JournalCorrupt(
                f"{self._path}: {verdict.why}",
                remedy=journal_file.RESTORE,
            )
        last = hashes[-1] if hashes else GENESIS
        self._head.write(len(hashes), last, self._key)
        return len(hashes), last
