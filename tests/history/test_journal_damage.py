"""Torn, cut and flipped journals, power loss and a full disk: a correct prefix or a loss that is told."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from mainstay.errors import JournalCorrupt, Parked
from mainstay.history.journal import JournalUnwritable, Row
from mainstay.history.signing import PublicKey, SigningKey
from mainstay.history.sqlite import SqliteJournal, SqliteReader
from mainstay.system.clock import SystemClock
from mainstay.system.state_dir import Folders

ROWS = 24
SIGNED = 12
"""A row in the middle that is signed as well."""
SEED = 20260105


class Wreck:
    """The files of a journal in mid-run, as a dead machine left them, to be damaged in copies."""

    def __init__(self, folder: Path) -> None:
        self.folders = Folders(folder / "state", folder / "keys")
        self.key = SigningKey.of(self.folders)
        journal = SqliteJournal(self.folders.journal, self.folders.head, SystemClock(), self.key)
        for number in range(1, ROWS):
            journal.append("r-0001", ("progress", b'{"step":"1.1","what":"%d"}' % number), sign=number == SIGNED)
        self.before_the_last = self._files()
        journal.append("r-0001", ("ended", b'{"outcome":"released"}'), sign=True)
        self.rows = journal.rows()
        self.files = self._files()
        self._copies = 0

    def _files(self) -> dict[str, bytes]:
        return {name: (self.folders.state / name).read_bytes() for name in ("journal.db", "journal.db-wal", "head")}

    def found(self, **damaged: bytes) -> list[Row] | None:
        """The rows of a copy with these *damaged* files; None where `verify` reports the damage."""
        self._copies += 1
        copy = Folders(self.folders.state.parent / f"copy-{self._copies}", self.folders.keys)
        copy.state.mkdir()
        for name, content in (self.files | {_name(key): value for key, value in damaged.items()}).items():
            (copy.state / name).write_bytes(content)
        try:
            return self._opened(copy)
        finally:
            shutil.rmtree(copy.state)

    def _opened(self, copy: Folders) -> list[Row] | None:
        bad = SqliteReader(copy.journal, copy.head).verify(PublicKey.read(copy.public_key)).bad
        try:
            journal = SqliteJournal(copy.journal, copy.head, SystemClock(), self.key)
        except (JournalCorrupt, JournalUnwritable):
            assert bad is not None
            return None
        # Opening verifies only the rows from the signed one, so `verify` may find damage in earlier ones.
        rows = journal.rows() if bad is None else None
        journal.close()
        return rows


def _name(key: str) -> str:
    return {"wal": "journal.db-wal", "database": "journal.db", "head": "head"}[key]


@pytest.fixture(scope="module")
def wreck(tmp_path_factory: pytest.TempPathFactory) -> Wreck:
    return Wreck(tmp_path_factory.mktemp("wreck"))


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Wreck:
    wreck = Wreck(tmp_path_factory.mktemp("settled"))
    journal = SqliteJournal(wreck.folders.journal, wreck.folders.head, SystemClock(), wreck.key)
    journal.checkpoint()
    wreck.files = wreck._files()
    journal.close()
    return wreck


def flipped(content: bytes, at: int, bit: int) -> bytes:
    return content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :]


def test_what_nobody_damaged_is_whole(wreck: Wreck, settled: Wreck) -> None:
    assert wreck.found() == wreck.rows
    assert settled.found() == settled.rows


@pytest.mark.failure("F29")
@pytest.mark.goal("G5")
def test_a_cut_wal_is_a_loss_that_is_told(wreck: Wreck) -> None:
    wal = wreck.files["journal.db-wal"]
    for size in range(0, len(wal), max(1, len(wal) // 400)):
        assert wreck.found(wal=wal[:size]) is None, f"cut at {size}"


@pytest.mark.failure("F29")
@pytest.mark.failure("F22")
def test_power_lost_while_the_last_row_was_written_leaves_all_before_it(wreck: Wreck) -> None:
    wal, shorter = wreck.files["journal.db-wal"], len(wreck.before_the_last["journal.db-wal"])
    head = wreck.before_the_last["head"]
    for size in range(shorter, len(wal), 97):
        for zeros in (0, len(wal) - size):
            torn = wal[:size] + bytes(zeros)
            assert wreck.found(wal=torn, head=head) == wreck.rows[:-1], f"cut at {size}, then {zeros} zeros"
    assert wreck.found(head=head) == wreck.rows


@pytest.mark.failure("F29")
def test_a_cut_after_the_signed_row_leaves_a_correct_prefix_with_that_row_and_before_it_is_a_loss(wreck: Wreck) -> None:
    wal, head = wreck.files["journal.db-wal"], wreck.before_the_last["head"]
    lengths = set()
    for size in range(0, len(wal), max(1, len(wal) // 400)):
        found = wreck.found(wal=wal[:size], head=head)
        assert found is None or found == wreck.rows[: len(found)], f"cut at {size}"
        lengths.add(None if found is None else len(found))
    assert lengths == {None, *range(SIGNED, ROWS)}


@pytest.mark.failure("F29")
@pytest.mark.goal("G5")
def test_a_flipped_bit_in_the_wal_is_never_a_silent_loss(wreck: Wreck) -> None:
    chance = random.Random(SEED)
    wal = wreck.files["journal.db-wal"]
    for _ in range(300):
        at, bit = chance.randrange(len(wal)), chance.randrange(8)
        assert wreck.found(wal=flipped(wal, at, bit)) in (None, wreck.rows), f"bit {bit} of byte {at}"


@pytest.mark.failure("F32")
@pytest.mark.goal("G23")
def test_a_flipped_bit_in_the_settled_file_is_never_a_silent_change(settled: Wreck) -> None:
    chance = random.Random(SEED)
    database = settled.files["journal.db"]
    for _ in range(300):
        at, bit = chance.randrange(len(database)), chance.randrange(8)
        found = settled.found(database=flipped(database, at, bit))
        assert found in (None, settled.rows), f"bit {bit} of byte {at}"


def test_a_flipped_bit_in_the_head_is_never_believed(settled: Wreck) -> None:
    head = settled.files["head"]
    written = len(head.rstrip())
    for at in range(0, written, 3):
        assert settled.found(head=flipped(head, at, 1)) in (None, settled.rows), f"byte {at}"
    assert settled.found(head=flipped(head, head.index(b'"sequence":') + len('"sequence":'), 0)) is None


@pytest.mark.failure("F29")
def test_an_older_head_and_a_cut_journal_together_are_an_older_journal(wreck: Wreck) -> None:
    older = {"wal": wreck.before_the_last["journal.db-wal"], "head": wreck.before_the_last["head"]}
    assert wreck.found(**older) == wreck.rows[:-1]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)], check=False).returncode:
        pytest.skip("this machine does not let us mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root to mount a small disk")
@pytest.mark.failure("F26")
@pytest.mark.failure("F34")
def test_a_full_disk_stops_the_run_before_the_effect_and_breaks_nothing(small_disk: Path, tmp_path: Path) -> None:
    folders = Folders(small_disk, tmp_path / "keys")
    journal = SqliteJournal(folders.journal, folders.head, SystemClock(), SigningKey.of(folders))
    with pytest.raises(JournalUnwritable, match="disk is full") as told:
        fill(journal)
    assert "make room" in told.value.remedy
    assert isinstance(told.value, Parked)
    kept = journal.sequence()
    verdict = SqliteReader(folders.journal, folders.head).verify(PublicKey.read(folders.public_key))
    assert (verdict.rows, verdict.bad) == (kept, None)
    journal.close()
    again = SqliteJournal(folders.journal, folders.head, SystemClock(), SigningKey.of(folders))
    assert again.sequence() == kept
    again.close()


def fill(journal: SqliteJournal) -> None:
    for _ in range(1000):
        journal.append("r-0001", ("progress", b'{"step":"1.1","what":"%s"}' % (b"x" * 2000)))


ACTS = """
import sys
from pathlib import Path
from mainstay.system.clock import SystemClock
from mainstay.system.state_dir import Folders
from mainstay.history.sqlite import SqliteJournal
from mainstay.history.signing import SigningKey
state = Path(sys.argv[1])
folders = Folders(state / "state", state / "keys")
journal = SqliteJournal(folders.journal, folders.head, SystemClock(), SigningKey.of(folders))
(state / "effect-0").touch()
journal.append("r-0001", ("planned", b"{}"), sign=True)
(state / "effect-1").touch()
for number in range(2, 6):
    journal.append("r-0001", ("started", b"{}"))
    (state / f"effect-{number}").touch()
    journal.append("r-0001", ("done", b"{}"))
journal.append("r-0001", ("ended", b"{}"), sign=True)
(state / "effect-6").touch()
"""


@pytest.mark.failure("F22")
@pytest.mark.goal("G4")
@pytest.mark.goal("G5")
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_what_is_about_to_happen_is_on_the_disk_before_it_happens(tmp_path: Path) -> None:
    calls = traced(ACTS, tmp_path)
    effects = [at for at, call in enumerate(calls) if "effect-" in call]
    assert len(effects) == 7
    for number, (before, effect) in enumerate(pairwise(effects), 1):
        between = calls[before:effect]
        written = max(at for at, call in enumerate(between) if "pwrite64" in call and "journal.db-wal" in call)
        synced = [at for at, call in enumerate(between) if "sync(" in call and "journal.db-wal" in call]
        signed = [at for at, call in enumerate(between) if "pwrite64" in call and "/head" in call]
        assert written < synced[-1]
        # The head is opened with O_DSYNC: its write is on the disk when it returns, and after the row that it names.
        assert signed == [] if number not in {1, 6} else synced[-1] < signed[-1]


def traced(script: str, folder: Path) -> list[str]:
    """The calls that *script* made to reach a disk, in order, each with the paths of its files."""
    log = folder / "calls"
    watched = "trace=openat,pwrite64,fsync,fdatasync"
    command = ["strace", "-f", "-y", "-o", str(log), "-e", watched, sys.executable, "-c", script, str(folder)]
    said = subprocess.run(command, capture_output=True, check=False, text=True)
    if "ptrace" in said.stderr.lower():
        pytest.skip("this machine does not let us trace")
    assert said.returncode == 0, said.stderr
    return log.read_text(errors="replace").splitlines()
