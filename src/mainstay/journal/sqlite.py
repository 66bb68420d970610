"""The journal in one SQLite file, which anyone reads with plain `sqlite3`."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import msgspec

from mainstay import __version__
from mainstay.clock import Clock
from mainstay.errors import BadInput, JournalCorrupt
from mainstay.journal.head import Head
from mainstay.journal.story import (
    GENESIS,
    JournalUnwritable,
    Owner,
    Row,
    Signer,
    Verdict,
    Verifier,
    chained,
    first_bad,
    run_after,
)

FORMAT = 1
PATIENCE_S = 5.0
LOOKS = 3


class SqliteStory:
    """The journal of one environment as anyone may read it, also without any right to write."""

    def __init__(self, path: Path, head: Path) -> None:
        self._path = path
        self._head = Head(head)

    def rows(self, run: str | None = None, *, after: int = 0) -> list[Row]:
        with self._open() as database:
            return [row for row, _ in _stored(database, run, after)]

    def owner(self) -> Owner | None:
        with self._open() as database:
            return _owner(database)

    def ask_abort(self, run: str) -> bool:
        if not self._path.exists():
            return False
        with _telling(self._path), closing(_connect(self._path, "rw")) as database:
            return _ask_abort(database, run)

    def verify(self, key: Verifier | None = None) -> Verdict:
        verdict = self._verified(key)
        for _ in range(LOOKS - 1):
            # Between reading rows and head another may have written: only what stays wrong is wrong.
            verdict = self._verified(key) if verdict.bad else verdict
        return verdict

    def export(self) -> Iterator[bytes]:
        with self._open() as database:
            for row, kept in _stored(database):
                line = {**msgspec.structs.asdict(row), "body": msgspec.Raw(row.body), "hash": kept.hex()}
                yield msgspec.json.encode(line) + b"\n"

    def _verified(self, key: Verifier | None) -> Verdict:
        try:
            with self._open() as database:
                stored = list(_stored(database))
        except JournalCorrupt as reason:
            return Verdict(0, 1, reason.what)
        verdict = first_bad(stored)
        if verdict.bad or not (stored or self._head.path.exists()):
            return verdict
        return self._head.against([kept for _, kept in stored], key)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """The file as it lies; where there is none yet, nothing has happened yet."""
        with _telling(self._path), closing(_reading(self._path)) as database:
            _known_format(database, self._path)
            yield database


class SqliteJournal:
    """The journal of one environment in the hands of the one who holds the lock.

    Opening it checks every row, and mends a head that is behind by one: a crash between the two writes.
    """

    def __init__(self, path: Path, head: Path, clock: Clock, key: Signer) -> None:
        self._path = path
        self._clock = clock
        self._key = key
        self._head = Head(head)
        self._guard = threading.RLock()
        with _telling(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._database = _connect(path, "rw")
            _prepare(self._database, path)
        self._sequence, self._hash = self._checked()
        _sync_folder(path.parent)

    def append(self, run: str, name: str, body: bytes) -> Row:
        with self._guard, _telling(self._path):
            at = self._clock.now().isoformat(timespec="milliseconds")
            row = Row(self._sequence + 1, at, run, name, body)
            kept = chained(self._hash, row)
            self._database.execute(
                "insert into row (sequence, at, run, name, body, hash) values (?, ?, ?, ?, ?, ?)",
                (row.sequence, at, run, name, body.decode(), kept),
            )
            self._sequence, self._hash = row.sequence, kept
            self._head.write(row.sequence, kept, self._key)
            return row

    def rows(self, run: str | None = None, *, after: int = 0) -> list[Row]:
        with self._guard, _telling(self._path):
            return [row for row, _ in _stored(self._database, run, after)]

    def sequence(self) -> int:
        return self._sequence

    def next_run(self) -> str:
        with self._guard, _telling(self._path):
            return run_after(run for (run,) in self._database.execute("select distinct run from row"))

    def settle(self) -> None:
        # Where it cannot be done now, the rows are as safe beside the file, and the next who settles does it.
        with self._guard, suppress(sqlite3.OperationalError):
            self._database.execute("pragma wal_checkpoint(truncate)").fetchall()

    def own(self, owner: Owner) -> None:
        with self._guard, _telling(self._path):
            values = msgspec.structs.asdict(owner)
            self._database.execute(
                f"insert or replace into owner (one, {', '.join(values)}) values (1{', ?' * len(values)})",
                tuple(values.values()),
            )

    def disown(self) -> None:
        with self._guard, _telling(self._path):
            self._database.execute("delete from owner")

    def owner(self) -> Owner | None:
        with self._guard, _telling(self._path):
            return _owner(self._database)

    def ask_abort(self, run: str) -> bool:
        with self._guard, _telling(self._path):
            return _ask_abort(self._database, run)

    def abort_asked(self, run: str) -> bool:
        owner = self.owner()
        return owner is not None and owner.abort_requested_for == run

    def verify(self, key: Verifier | None = None) -> Verdict:
        return SqliteStory(self._path, self._head.path).verify(key or self._key)

    def export(self) -> Iterator[bytes]:
        return SqliteStory(self._path, self._head.path).export()

    def close(self) -> None:
        self._database.close()

    def _checked(self) -> tuple[int, bytes]:
        with _telling(self._path):
            stored = list(_stored(self._database))
        verdict = first_bad(stored)
        hashes = [kept for _, kept in stored]
        if verdict.bad is None and (hashes or self._head.path.exists()):
            verdict = self._head.against(hashes, self._key)
        if verdict.bad is not None:
            raise JournalCorrupt(
                f"{self._path}: {verdict.why}",
                remedy="mainstay journal verify; put the journal and its head back from a backup, never edit them",
            )
        last = hashes[-1] if hashes else GENESIS
        self._head.write(len(hashes), last, self._key)
        return len(hashes), last


SCHEMA = f"""
begin immediate;
create table row (
    sequence integer primary key, at text not null, run text not null,
    name text not null, body text not null, hash blob not null
) strict;
create table owner (
    one integer primary key check (one = 1), run text not null, who text not null, host text not null,
    pid integer not null, since text not null, message text not null, fence integer not null,
    abort_requested_for text
) strict;
create table about (name text primary key, value text not null) strict;
insert into about values ('mainstay', '{__version__}');
pragma user_version = {FORMAT};
commit;
"""


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    """Make it a journal that survives power loss, unless it is one."""
    (mode,) = database.execute("pragma journal_mode = wal").fetchone()
    if mode != "wal":
        raise JournalUnwritable(f"{path} lies where files cannot be shared", remedy="name a local disk by --state")
    database.execute("pragma synchronous = full")
    if _known_format(database, path) == 0:
        database.executescript(SCHEMA)
        database.execute("pragma wal_checkpoint(truncate)").fetchall()
    # An immediate transaction finds out now, and not at step 7, that nothing can be written.
    database.execute("begin immediate")
    database.execute("commit")


def _known_format(database: sqlite3.Connection, path: Path) -> int:
    (found,) = database.execute("pragma user_version").fetchone()
    if found > FORMAT:
        (maker,) = database.execute("select value from about where name = 'mainstay'").fetchone()
        raise BadInput(
            f"{path} has format {found}, this is Mainstay {__version__}, which reads {FORMAT}",
            remedy=f"install Mainstay {maker} or newer",
            code="journal-too-new",
        )
    return int(found)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(path))}?{mode if '=' in mode else f'mode={mode}'}"
    database = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=PATIENCE_S, check_same_thread=False)
    # Bytes that are no text were not written by us: they must be read to be found.
    database.text_factory = lambda text: text.decode(errors="replace")
    return database


def _reading(path: Path) -> sqlite3.Connection:
    if not path.exists():
        nothing = sqlite3.connect(":memory:", isolation_level=None)
        nothing.executescript(SCHEMA)
        return nothing
    database = _connect(path, "ro")
    try:
        database.execute("select 1 from sqlite_master").fetchall()
    except sqlite3.OperationalError:
        # Without a right to write beside it, only a journal that nobody has open can be read, as it lies.
        database.close()
        if path.with_name(f"{path.name}-wal").exists():
            raise
        return _connect(path, "immutable=1")
    return database


def _stored(database: sqlite3.Connection, run: str | None = None, after: int = 0) -> Iterator[tuple[Row, bytes]]:
    wanted = "and run = ?" if run is not None else ""
    query = (
        "select sequence, at, run, name, cast(ifnull(body, '') as blob), hash"
        f" from row where sequence > ? {wanted} order by sequence"
    )
    for *fields, kept in database.execute(query, (after, run) if run is not None else (after,)):
        yield Row(*fields), kept


def _owner(database: sqlite3.Connection) -> Owner | None:
    found = database.execute(
        "select run, who, host, pid, since, message, fence, abort_requested_for from owner"
    ).fetchone()
    return Owner(*found) if found else None


def _ask_abort(database: sqlite3.Connection, run: str) -> bool:
    asked = database.execute("update owner set abort_requested_for = run where run = ?", (run,))
    return asked.rowcount == 1


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Say what SQLite and the disk answer in an operator's words."""
    try:
        yield
    except sqlite3.OperationalError as reason:
        match getattr(reason, "sqlite_errorname", "").partition("_")[2].partition("_")[0]:
            case "FULL" | "IOERR":
                raise JournalUnwritable(f"{path}: the disk is full or fails ({reason})", remedy=FULL) from reason
            case "BUSY" | "LOCKED":
                raise JournalUnwritable(f"{path}: another program locks it", remedy=BUSY) from reason
            case "READONLY" | "CANTOPEN" | "PERM" | "AUTH":
                raise JournalUnwritable(f"{path}: {reason}", remedy=f"ls -l {path.parent}") from reason
        raise _damaged(path, reason) from reason
    except (sqlite3.DatabaseError, UnicodeDecodeError) as reason:
        # A damaged schema can make SQLite complain in bytes that are no text.
        raise _damaged(path, reason) from reason
    except OSError as reason:
        raise JournalUnwritable(f"{path}: {reason.strerror}", remedy=FULL) from reason


FULL = "make room (df -h), then mainstay resume"
BUSY = "end what reads it, then mainstay resume"


def _damaged(path: Path, reason: Exception) -> JournalCorrupt:
    return JournalCorrupt(
        f"{path} is damaged: {reason}",
        remedy="put the journal and its head back from a backup, never edit them",
    )


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
