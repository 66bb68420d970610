"""A journal that was rewritten with a valid chain is refused because of its signed head."""

import pytest

from mainstay.errors import JournalCorrupt
from mainstay.history.journal import GENESIS, chained
from mainstay.system.state_dir import Folders
from tests.history.journals import append_rows, execute_sql, opened, reader, verified

ROWS = 6


def write(folders: Folders, *, unsigned: int = 0) -> None:
    """Write the signed rows, then so many that no signature covers."""
    journal = append_rows(opened(folders), ROWS)
    append_rows(journal, unsigned, sign=False).close()


def rewrite_row(folders: Folders, sequence: int) -> None:
    """Change the body of one row, then compute the hashes of this row and of every later one again."""
    execute_sql(folders, """update row set body = '{"step":"1.1","what":"forged"}' where sequence = ?""", (sequence,))
    previous = GENESIS
    hashes = [previous := chained(previous, row) for row in reader(folders).rows()]
    execute_sql(folders, "update row set hash = ? where sequence = ?", *[(h, n) for n, h in enumerate(hashes, 1)])


def assert_refused(folders: Folders, bad: int, why: str = "was signed for another row") -> None:
    verdict = verified(folders)
    assert verdict.bad == bad
    assert why in verdict.why
    with pytest.raises(JournalCorrupt, match=why):
        opened(folders)


@pytest.mark.failure("F32")
@pytest.mark.threat("S25")
@pytest.mark.parametrize(
    ("sequence", "unsigned"),
    [(1, 0), (3, 0), (ROWS, 0), (3, 4)],
    ids=["the first row", "a row in the middle", "the last row", "a signed row before unsigned ones"],
)
def test_a_rewritten_row_with_a_recomputed_chain_is_refused(folders: Folders, sequence: int, unsigned: int) -> None:
    write(folders, unsigned=unsigned)
    rewrite_row(folders, sequence)
    assert_refused(folders, ROWS)


@pytest.mark.failure("F32")
@pytest.mark.threat("S25")
def test_a_row_that_was_changed_after_the_signed_one_is_refused_by_its_hash(folders: Folders) -> None:
    write(folders, unsigned=4)
    execute_sql(folders, "update row set body = '{}' where sequence = ?", (ROWS + 2,))
    assert_refused(folders, ROWS + 2, "row 8 does not have the hash of its content")
