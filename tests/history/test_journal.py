"""The journal in SQLite and in memory: what it stores, and which damage it detects."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from mainstay.errors import BadInput, JournalCorrupt, Parked, StateUnreadable
from mainstay.history.journal import Journal, JournalUnwritable, Verification
from mainstay.history.sqlite import SqliteJournal, SqliteReader
from mainstay.system.state_dir import Folders
from tests.contracts.journal import JournalContract
from tests.fakes.journal import MemoryJournal
from tests.fakes.power import PowerCut
from tests.history.counting import calls
from tests.history.journals import append_rows, execute_sql, opened, reader, verified


class TestSqliteJournal(JournalContract):
    @pytest.fixture
    def journal(self, folders: Folders) -> Journal:
        return opened(folders)

    @pytest.fixture
    def other(self, folders: Folders) -> SqliteReader:
        return reader(folders)


class TestMemoryJournal(JournalContract):
    @pytest.fixture
    def journal(self) -> MemoryJournal:
        return MemoryJournal()

    @pytest.fixture
    def other(self, journal: MemoryJournal) -> MemoryJournal:
        return journal


def filled(folders: Folders, rows: int = 5) -> SqliteJournal:
    """Return a journal of so many rows, the last one signed."""
    return append_rows(opened(folders), rows)


def head_of(folders: Folders) -> int:
    """Return the sequence of the row that was signed last."""
    return int(json.loads(folders.head.read_bytes())["sequence"])


def test_rows_are_read_again_after_the_journal_is_reopened(folders: Folders) -> None:
    before = filled(folders).rows()
    again = opened(folders)
    assert again.rows() == before
    assert again.append("r-0001", ("ended", b"{}"))[0].sequence == 6


def test_the_journal_can_be_read_with_plain_sqlite(folders: Folders) -> None:
    filled(folders)
    with sqlite3.connect(f"file:{folders.journal}?mode=ro", uri=True) as plain:
        found = plain.execute("select run, name, body ->> 'what' from row where sequence = 3").fetchall()
    plain.close()
    assert found == [("r-0001", "progress", "3")]


def test_only_the_owner_can_read_the_journal_and_the_keys(folders: Folders) -> None:
    filled(folders)
    assert folders.journal.stat().st_mode & 0o777 == 0o600
    assert folders.signing_key.stat().st_mode & 0o777 == 0o600
    assert folders.keys.stat().st_mode & 0o777 == 0o700


def test_the_journal_can_be_verified_with_the_public_key(folders: Folders) -> None:
    filled(folders)
    assert verified(folders) == Verification(5)


@pytest.mark.failure("F33")
def test_a_reader_does_not_block_the_writer(folders: Folders) -> None:
    journal = filled(folders)
    with sqlite3.connect(f"file:{folders.journal}?mode=ro", uri=True) as other:
        other.execute("begin")
        other.execute("select * from row").fetchone()
        assert journal.append("r-0001", ("ended", b"{}"))[0].sequence == 6
    other.close()
    assert [row.sequence for row in reader(folders).rows(after=5)] == [6]


@pytest.mark.failure("F33")
def test_a_long_lock_by_another_program_is_reported(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstay.history.journal_file.BUSY_TIMEOUT_S", 0.05)
    journal = filled(folders)
    other = sqlite3.connect(folders.journal, isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(JournalUnwritable, match="another program locks it"):
        journal.append("r-0001", ("ended", b"{}"))
    other.close()
    assert journal.append("r-0001", ("ended", b"{}"))[0].sequence == 6


def test_a_missing_journal_reads_as_empty_and_is_not_created(folders: Folders) -> None:
    assert reader(folders).rows() == []
    assert reader(folders).owner() is None
    assert reader(folders).verify().bad is None
    assert not folders.state.exists()


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root to become another user")
@pytest.mark.parametrize("closed", [True, False], ids=["closed", "open for writing"])
def test_a_user_with_read_permission_only_can_read_the_journal(folders: Folders, closed: bool) -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        open_to_all = Folders(Path(place), folders.keys)
        rows = in_child_as(65534, lambda: len(reader(open_to_all).rows()), once=lambda: readable(open_to_all, closed))
    assert rows == 5


def readable(folders: Folders, closed: bool) -> SqliteJournal:
    journal = filled(folders)
    if closed:
        journal.checkpoint()
        journal.close()
    for file in folders.state.iterdir():
        file.chmod(0o644)
    return journal


def in_child_as(user: int, look: Callable[[], int], *, once: Callable[[], object]) -> int:
    """Return the result of *look* in a child process of *user* that was forked before *once* was called."""
    parent_ready, signal_ready = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(parent_ready, 1)
        os.setgid(user)
        os.setuid(user)
        os._exit(look())
    kept = once()
    os.write(signal_ready, b"!")
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(parent_ready)
    os.close(signal_ready)
    assert kept
    return code


@pytest.mark.failure("F30")
def test_a_copy_without_its_wal_is_complete_after_a_checkpoint(folders: Folders, tmp_path: Path) -> None:
    journal = filled(folders)
    journal.checkpoint()
    (tmp_path / "copy.db").write_bytes(folders.journal.read_bytes())
    assert len(SqliteReader(tmp_path / "copy.db", folders.head).rows()) == 5


@pytest.mark.failure("F30")
def test_verifying_a_copy_without_its_wal_names_the_missing_rows(folders: Folders, tmp_path: Path) -> None:
    filled(folders)
    (tmp_path / "copy.db").write_bytes(folders.journal.read_bytes())
    verdict = SqliteReader(tmp_path / "copy.db", folders.head).verify()
    assert (verdict.bad, verdict.why) == (1, "rows 1 to 5 are missing")


def test_a_head_behind_the_rows_is_valid_and_is_brought_up_to_date_on_opening(folders: Folders) -> None:
    journal = filled(folders)
    assert journal.append("r-0001", ("planned", b"{}"), sign=True)[0].sequence == 6
    journal.append("r-0001", ("progress", b"{}"))
    journal.append("r-0001", ("progress", b"{}"))
    journal.close()
    assert head_of(folders) == 6
    assert (verified(folders).bad, head_of(folders)) == (None, 6)
    assert opened(folders).sequence() == 8
    assert head_of(folders) == 8


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_head_ahead_of_the_rows_is_reported_as_a_loss(folders: Folders, lost: int) -> None:
    journal = filled(folders)
    journal.append("r-0001", ("ended", b"{}"), sign=True)
    journal.close()
    execute_sql(folders, f"delete from row where sequence > {6 - lost}")
    with pytest.raises(JournalCorrupt, match=f"rows {7 - lost} to 6 are missing"):
        opened(folders)


def test_a_crash_between_a_row_and_its_signature_loses_nothing(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = filled(folders)

    def crash(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr("mainstay.history.signed_head.Head.write", crash)
        with pytest.raises(PowerCut):
            journal.append("r-0001", ("ended", b"{}"), sign=True)
    journal.close()
    assert [row.name for row in opened(folders).rows()][-1] == "ended"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda head: head.unlink(), id="gone"),
        pytest.param(lambda head: head.write_bytes(b""), id="empty"),
        pytest.param(lambda head: head.write_bytes(b"\0" * 512), id="zeros"),
        pytest.param(lambda head: head.write_bytes(head.read_bytes().replace(b'hash":"', b'hash":"zz')), id="torn"),
    ],
)
def test_an_unreadable_head_is_refused(folders: Folders, damage: Callable[[Path], object]) -> None:
    filled(folders).close()
    damage(folders.head)
    with pytest.raises(JournalCorrupt, match="cannot be read"):
        opened(folders)


@pytest.mark.failure("F32")
@pytest.mark.threat("S25")
@pytest.mark.parametrize(
    ("edit", "bad"),
    [
        ("update row set body = '{}' where sequence = 3", 3),
        ("update row set at = '2020-01-01T00:00:00+00:00' where sequence = 1", 1),
        ("update row set run = 'r-0002' where sequence = 2", 2),
        ("update row set name = 'done' where sequence = 5", 5),
        ("update row set hash = zeroblob(32) where sequence = 4", 4),
        ("delete from row where sequence = 3", 3),
        ("delete from row where sequence = 5", 5),
        ("delete from row", 1),
        ("update row set sequence = 9 where sequence = 5", 5),
        ("insert into row select 6, at, run, name, body, hash from row where sequence = 5", 6),
    ],
)
def test_an_edited_row_is_named(folders: Folders, edit: str, bad: int) -> None:
    filled(folders).close()
    execute_sql(folders, edit)
    assert verified(folders).bad == bad


@pytest.mark.failure("F32")
@pytest.mark.parametrize("edit", ["set body = 'forged'", "set hash = zeroblob(32)", "set sequence = 9"])
@pytest.mark.parametrize("row", [5, 6, 7], ids=["the signed row", "the row after it", "the last row"])
def test_opening_verifies_the_rows_from_the_signed_one(folders: Folders, edit: str, row: int) -> None:
    journal = filled(folders)
    journal.append("r-0001", ("started", b"{}"), ("done", b"{}"))
    journal.close()
    execute_sql(folders, f"update row {edit} where sequence = {row}")
    with pytest.raises(JournalCorrupt):
        opened(folders)


def test_opening_leaves_the_rows_before_the_signed_one_to_verify(folders: Folders) -> None:
    filled(folders).close()
    execute_sql(folders, "update row set body = '{}' where sequence = 3")
    assert opened(folders).sequence() == 5
    assert verified(folders).bad == 3


@pytest.mark.failure("F32")
def test_an_edited_journal_can_still_be_read(folders: Folders) -> None:
    filled(folders).close()
    execute_sql(folders, "update row set body = '{}' where sequence = 3")
    assert len(reader(folders).rows()) == 5


@pytest.mark.threat("S25")
def test_a_chain_signed_with_another_key_is_refused(folders: Folders, tmp_path: Path) -> None:
    filled(folders).close()
    other = Folders(tmp_path / "other", tmp_path / "other-keys")
    filled(other).close()
    folders.journal.write_bytes(other.journal.read_bytes())
    folders.head.write_bytes(other.head.read_bytes())
    assert reader(folders).verify().bad is None
    assert verified(folders).bad == 5


@pytest.mark.goal("G23")
def test_the_work_of_a_verification_grows_linearly_with_the_rows(folders: Folders) -> None:
    journal, found = opened(folders), []
    for rows in (1000, 2000):
        entries = [("progress", b'{"step":"1.1","what":"something"}')] * (rows - journal.sequence())
        journal.append("r-0001", *entries, sign=True)
        found.append(calls(lambda: verified(folders)))
    assert found[1] < 2 * found[0], found


def test_a_newer_format_is_refused_with_the_version_to_install(folders: Folders) -> None:
    filled(folders).close()
    execute_sql(folders, "pragma user_version = 99")
    execute_sql(folders, "update about set value = '9.1.0' where name = 'mainstay'")
    for look in (lambda: opened(folders), lambda: reader(folders).rows()):
        with pytest.raises(BadInput, match="has format 99") as refused:
            look()
        assert refused.value.remedy == "install Mainstay 9.1.0 or newer"


@pytest.mark.failure("F31")
def test_a_deleted_journal_is_reported_as_a_loss(folders: Folders) -> None:
    filled(folders).close()
    folders.journal.unlink()
    assert reader(folders).verify().why == "rows 1 to 5 are missing"
    with pytest.raises(JournalCorrupt, match="rows 1 to 5 are missing"):
        opened(folders)


@pytest.mark.failure("F28")
def test_a_folder_that_cannot_be_written_is_refused(folders: Folders) -> None:
    folders.state.parent.joinpath("state").write_text("a file where a folder should be")
    with pytest.raises(JournalUnwritable, match="File exists"):
        opened(folders)


def test_a_file_that_is_not_a_database_is_refused(folders: Folders) -> None:
    filled(folders).close()
    folders.journal.write_bytes(b"this is no database" * 300)
    assert reader(folders).verify().bad == 1
    with pytest.raises(JournalCorrupt, match="damaged"):
        opened(folders)


def test_reading_imports_neither_cryptography_nor_pydantic() -> None:
    script = "import sys, mainstay.history.sqlite, mainstay.history.run_state, mainstay.history.summary;"
    script += "print(sorted({'cryptography', 'pydantic', 'click', 'rich'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert result.stdout == "[]\n"


def test_every_line_of_an_export_has_its_hash(folders: Folders) -> None:
    filled(folders)
    lines = [msgspec.json.decode(line) for line in reader(folders).export()]
    assert [line["body"]["what"] for line in lines] == ["1", "2", "3", "4", "5"]
    assert lines[-1]["hash"] == json.loads(folders.head.read_bytes())["hash"]


def test_the_errors_of_a_journal_park_the_run() -> None:
    assert issubclass(JournalCorrupt, Parked)
    assert issubclass(JournalUnwritable, Parked)


def test_an_older_format_is_refused_and_the_file_is_left_as_it_is(folders: Folders) -> None:
    filled(folders).close()
    execute_sql(folders, "pragma user_version = 1")
    before = {path: path.read_bytes() for path in folders.state.iterdir()}
    for read in (lambda: opened(folders), lambda: reader(folders).rows(), lambda: reader(folders).verify()):
        with pytest.raises(StateUnreadable, match=r"journal\.db.*it has format 1, not 2") as refused:
            read()
        assert refused.value.exit_code == 2
        assert "mainstay down --data with the version that wrote it" in refused.value.remedy
    assert before.items() <= {path: path.read_bytes() for path in folders.state.iterdir()}.items()
