"""The journal's SQLite file: its schema, its queries, and the translation of SQLite's errors."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from mainstay import __version__
from mainstay.errors import BadInput, JournalCorrupt, StateUnreadable
from mainstay.history.journal import JournalUnwritable, Owner, Row

FORMAT = 2

BUSY_TIMEOUT_S = 5.0

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

FULL = "make room (df -h), then mainstay resume"

RESTORE = "put journal.db and head back from the same backup; never edit them"


def prepare(database: sqlite3.Connection, path: Path) -> None:
    """Set up *database* so that commits survive power loss, and create the schema if it has none.

    Raises JournalUnwritable where the file system does not support WAL mode, and what `known_format` raises.
    """
    (mode,) = database.execute("pragma journal_mode = wal").fetchone()
    if mode != "wal":
        raise JournalUnwritable(
            f"{path} is on a file system without shared memory, such as a network disk",
            remedy="use a local disk: --state DIR",
        )
    database.execute("pragma synchronous = full")
    if known_format(database, path) == 0:
        database.executescript(SCHEMA)
        database.execute("pragma wal_checkpoint(truncate)").fetchall()
    # An immediate transaction detects an unwritable journal now instead of in the middle of the run.
    database.execute("begin immediate")
    database.execute("commit")


def known_format(database: sqlite3.Connection, path: Path) -> int:
    """Return the number of the journal's format; 0 for a new journal.

    Raises StateUnreadable for an older format than this version reads, and BadInput for a newer one.
    """
    (found,) = database.execute("pragma user_version").fetchone()
    if 0 < found < FORMAT:
        raise StateUnreadable(path, f"it has format {found}, not {FORMAT}", path.parent)
    if found > FORMAT:
        (maker,) = database.execute("select value from about where name = 'mainstay'").fetchone()
        raise BadInput(
            f"{path} has format {found}, this is Mainstay {__version__}, which reads {FORMAT}",
            remedy=f"install Mainstay {maker} or newer",
            code="journal-too-new",
        )
    return int(found)


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Return a connection to the file; *mode* is `ro`, `rw` or another URI parameter, like `immutable=1`."""
    uri = f"file:{quote(str(path))}?{mode if '=' in mode else f'mode={mode}'}"
    database = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False)
    # Mainstay writes valid UTF-8 only. Other bytes are damage, and must be readable for verification to find them.
    database.text_factory = lambda text: text.decode(errors="replace")
    return database


def reading(path: Path) -> sqlite3.Connection:
    """Return a read-only connection to the journal at *path*; to an empty journal when there is no such file."""
    if not path.exists():
        nothing = sqlite3.connect(":memory:", isolation_level=None)
        nothing.executescript(SCHEMA)
        return nothing
    database = connect(path, "ro")
    try:
        database.execute("select 1 from sqlite_master").fetchall()
    except sqlite3.OperationalError:
        # Reading in WAL mode needs permission and disk space to write beside the file. Without them the file can be
        # read as immutable, but only while its WAL is empty: rows in the WAL would be missed.
        database.close()
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise
        return connect(path, "immutable=1")
    return database


def stored(database: sqlite3.Connection, run: str | None = None, after: int = 0) -> Iterator[tuple[Row, bytes]]:
    """Yield the rows of *run*, or of all runs, with a sequence above *after*, each with its stored hash."""
    wanted = "and run = ?" if run is not None else ""
    query = (
        "select sequence, at, run, name, cast(ifnull(body, '') as blob), hash"
        f" from row where sequence > ? {wanted} order by sequence"
    )
    for *fields, kept in database.execute(query, (after, run) if run is not None else (after,)):
        yield Row(*fields), kept


def last(database: sqlite3.Connection) -> int:
    """Return the sequence of the last row; 0 when there is none."""
    (found,) = database.execute("select ifnull(max(sequence), 0) from row").fetchone()
    return int(found)


def hash_of(database: sqlite3.Connection, sequence: int) -> bytes | None:
    """Return the stored hash of a row; None when there is no such row."""
    found = database.execute("select hash from row where sequence = ?", (sequence,)).fetchone()
    return found[0] if found else None


def owner(database: sqlite3.Connection) -> Owner | None:
    """Return the process that is recorded as the holder of the lock; None when there is none."""
    fields = ", ".join(Owner.__struct_fields__)
    found = database.execute(f"select {fields} from owner").fetchone()
    return Owner(*found) if found else None


@contextmanager
def translating_errors(path: Path) -> Iterator[None]:
    """Translate errors of SQLite and of the disk in the body into JournalUnwritable or JournalCorrupt with a remedy."""
    try:
        yield
    except sqlite3.OperationalError as reason:
        match getattr(reason, "sqlite_errorname", "").partition("_")[2].partition("_")[0]:
            case "FULL" | "IOERR":
                raise JournalUnwritable(f"{path}: the disk is full or fails ({reason})", remedy=FULL) from reason
            case "BUSY" | "LOCKED":
                remedy = "stop the program that reads it, then mainstay resume"
                raise JournalUnwritable(f"{path}: another program locks it", remedy=remedy) from reason
            case "READONLY" | "CANTOPEN" | "PERM" | "AUTH":
                raise JournalUnwritable(f"{path}: {reason}", remedy=f"ls -l {path.parent}") from reason
        raise damaged(path, reason) from reason
    except (sqlite3.DatabaseError, UnicodeDecodeError) as reason:
        # With a damaged schema, SQLite's error message can contain bytes that are not UTF-8.
        raise damaged(path, reason) from reason
    except OSError as reason:
        raise JournalUnwritable(f"{path}: {reason.strerror}", remedy=FULL) from reason


def damaged(path: Path, reason: Exception) -> JournalCorrupt:
    return JournalCorrupt(f"{path} is damaged: {reason}", remedy=RESTORE)
