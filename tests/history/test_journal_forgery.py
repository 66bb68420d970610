"""A journal that was rewritten with a valid chain is refused because of its signed head."""

import sqlite3
from pathlib import Path

import pytest

from mainstay.errors import JournalCorrupt
from mainstay.history.journal import GENESIS, chained
from mainstay.history.signing import PublicKey, SigningKey
from mainstay.history.sqlite import SqliteJournal, SqliteReader
from mainstay.system.clock import SystemClock
from mainstay.system.state_dir import Folders

ROWS = 6


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "state", tmp_path / "keys")


def opened(folders: Folders) -> SqliteJournal:
    return SqliteJournal(folders.journal, folders.head, SystemClock(), SigningKey.of(folders))


def append_rows(folders: Folders, count: int, *, sign: bool = True) -> None:
    """Append so many rows; the last one is signed, unless *sign* is false."""
    journal = opened(folders)
    for number in range(1, count + 1):
        body = b'{"step":"1.1","what":"as it happened"}'
        journal.append("r-0001", ("progress", body), sign=sign and number == count)
    journal.close()


def rewrite_row(folders: Folders, sequence: int) -> None:
    """Change the body of one row, then compute the hashes of this row and of every later one again."""
    with sqlite3.connect(folders.journal) as database:
        database.execute("""update row set body = '{"step":"1.1","what":"forged"}' where sequence = ?""", (sequence,))
    database.close()
    previous = GENESIS
    hashes = [previous := chained(previous, row) for row in SqliteReader(folders.journal, folders.head).rows()]
    with sqlite3.connect(folders.journal) as database:
        database.executemany("update row set hash = ? where sequence = ?", [(h, n) for n, h in enumerate(hashes, 1)])
    database.close()


def assert_refused(folders: Folders, bad: int, why: str = "was signed for another row") -> None:
    verdict = SqliteReader(folders.journal, folders.head).verify(PublicKey.read(folders.public_key))
    assert verdict.bad == bad
    assert why in verdict.why
    with pytest.raises(JournalCorrupt, match=why):
        opened(folders)


@pytest.mark.failure("F32")
@pytest.mark.threat("S25")
@pytest.mark.parametrize("sequence", [1, 3, ROWS], ids=["the first row", "a row in the middle", "the last row"])
def test_a_rewritten_row_with_a_recomputed_chain_is_refused(folders: Folders, sequence: int) -> None:
    append_rows(folders, ROWS)
    rewrite_row(folders, sequence)
    assert_refused(folders, ROWS)


@pytest.mark.failure("F32")
@pytest.mark.threat("S25")
def test_a_rewritten_row_is_refused_when_unsigned_rows_follow_the_signed_one(folders: Folders) -> None:
    append_rows(folders, ROWS)
    append_rows(folders, 4, sign=False)
    rewrite_row(folders, 3)
    assert_refused(folders, ROWS)


@pytest.mark.failure("F32")
@pytest.mark.threat("S25")
def test_a_row_that_was_changed_after_the_signed_one_is_refused_by_its_hash(folders: Folders) -> None:
    append_rows(folders, ROWS)
    append_rows(folders, 4, sign=False)
    with sqlite3.connect(folders.journal) as database:
        database.execute("update row set body = '{}' where sequence = ?", (ROWS + 2,))
    database.close()
    assert_refused(folders, ROWS + 2, "row 8 does not have the hash of its content")
