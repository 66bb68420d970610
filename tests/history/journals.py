"""The journal of an environment, opened by the process with the lock or read by another, and edited from outside."""

import sqlite3

from mainstay.history.journal import Verification
from mainstay.history.signing import PublicKey, SigningKey
from mainstay.history.sqlite import SqliteJournal, SqliteReader
from mainstay.system.clock import SystemClock
from mainstay.system.state_dir import Folders


def opened(folders: Folders) -> SqliteJournal:
    return SqliteJournal(folders.journal, folders.head, SystemClock(), SigningKey.of(folders))


def reader(folders: Folders) -> SqliteReader:
    return SqliteReader(folders.journal, folders.head)


def verified(folders: Folders) -> Verification:
    """Return the verdict of a process that has only the public key."""
    return reader(folders).verify(PublicKey.read(folders.public_key))


def append_rows(journal: SqliteJournal, count: int, *, sign: bool = True) -> SqliteJournal:
    """Append so many rows; the last one is signed, unless *sign* is false."""
    for number in range(1, count + 1):
        journal.append("r-0001", ("progress", b'{"step":"1.1","what":"%d"}' % number), sign=sign and number == count)
    return journal


def execute_sql(folders: Folders, statement: str, *rows: tuple[object, ...]) -> None:
    """Execute *statement* once, or once for each of *rows*."""
    database = sqlite3.connect(folders.journal)
    with database:
        database.executemany(statement, rows or [()])
    database.close()
