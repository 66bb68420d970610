"""Torn, truncated and flipped journals, power cuts and a full disk leave a correct prefix or a reported loss."""

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
from mainstay.history.journal import JournalUnwritable, Row, Verification
from mainstay.history.sqlite import SqliteJournal
from mainstay.system.state_dir import Folders
from tests.history.journals import append_rows, opened, verified

ROWS = 24
SIGNED = 12
"""A row in the middle that is signed as well."""
SEED = 20260105


class CrashedJournal:
    """The files of a journal in the middle of a run, as a crash left them, to be damaged in copies."""

    def __init__(self, folder: Path) -> None:
        self.folders = Folders(folder / "state", folder / "keys")
        journal = append_rows(opened(self.folders), SIGNED)
        append_rows(journal, ROWS - SIGNED - 1, sign=False)
        self.before_the_last = self._files()
        journal.append("r-0001", ("ended", b'{"outcome":"released"}'), sign=True)
        self.rows = journal.rows()
        self.files = self._files()
        self._copies = 0

    def _files(self) -> dict[str, bytes]:
        return {name: (self.folders.state / name).read_bytes() for name in ("journal.db", "journal.db-wal", "head")}

    def found(self, **damaged: bytes) -> list[Row] | None:
        """Return the rows of a copy with these *damaged* files; None when `verify` reports the damage."""
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
        bad = verified(copy).bad
        try:
            journal = opened(copy)
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
def crashed(tmp_path_factory: pytest.TempPathFactory) -> CrashedJournal:
    return CrashedJournal(tmp_path_factory.mktemp("crashed"))


@pytest.fixture(scope="module")
def checkpointed(tmp_path_factory: pytest.TempPathFactory) -> CrashedJournal:
    crashed = CrashedJournal(tmp_path_factory.mktemp("checkpointed"))
    journal = opened(crashed.folders)
    journal.checkpoint()
    crashed.files = crashed._files()
    journal.close()
    return crashed


def flipped(content: bytes, at: int, bit: int) -> bytes:
    return content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :]


def test_an_undamaged_journal_is_complete(crashed: CrashedJournal, checkpointed: CrashedJournal) -> None:
    assert crashed.found() == crashed.rows
    assert checkpointed.found() == checkpointed.rows


@pytest.mark.slow
@pytest.mark.failure("F29")
@pytest.mark.goal("G5")
def test_a_truncated_wal_is_reported_as_a_loss(crashed: CrashedJournal) -> None:
    wal = crashed.files["journal.db-wal"]
    for size in range(0, len(wal), max(1, len(wal) // 400)):
        assert crashed.found(wal=wal[:size]) is None, f"cut at {size}"


@pytest.mark.failure("F29")
@pytest.mark.failure("F22")
def test_a_power_cut_during_the_last_row_keeps_all_earlier_rows(crashed: CrashedJournal) -> None:
    wal, shorter = crashed.files["journal.db-wal"], len(crashed.before_the_last["journal.db-wal"])
    head = crashed.before_the_last["head"]
    for size in range(shorter, len(wal), 97):
        for zeros in (0, len(wal) - size):
            torn = wal[:size] + bytes(zeros)
            assert crashed.found(wal=torn, head=head) == crashed.rows[:-1], f"cut at {size}, then {zeros} zeros"
    assert crashed.found(head=head) == crashed.rows


@pytest.mark.slow
@pytest.mark.failure("F29")
def test_a_cut_after_the_signed_row_leaves_a_prefix_and_one_before_it_is_a_loss(
    crashed: CrashedJournal,
) -> None:
    wal, head = crashed.files["journal.db-wal"], crashed.before_the_last["head"]
    lengths = set()
    for size in range(0, len(wal), max(1, len(wal) // 400)):
        found = crashed.found(wal=wal[:size], head=head)
        assert found is None or found == crashed.rows[: len(found)], f"cut at {size}"
        lengths.add(None if found is None else len(found))
    assert lengths == {None, *range(SIGNED, ROWS)}


@pytest.mark.parametrize(
    ("when", "file", "name"),
    [
        pytest.param("crashed", "wal", "journal.db-wal", marks=[pytest.mark.failure("F29"), pytest.mark.goal("G5")]),
        pytest.param(
            "checkpointed", "database", "journal.db", marks=[pytest.mark.failure("F32"), pytest.mark.goal("G23")]
        ),
    ],
    ids=["in the wal", "in the settled file"],
)
def test_a_flipped_bit_is_never_a_silent_change(
    request: pytest.FixtureRequest, when: str, file: str, name: str
) -> None:
    chance, journal = random.Random(SEED), request.getfixturevalue(when)
    content = journal.files[name]
    for _ in range(300):
        at, bit = chance.randrange(len(content)), chance.randrange(8)
        found = journal.found(**{file: flipped(content, at, bit)})
        assert found in (None, journal.rows), f"bit {bit} of byte {at}"


def test_a_flipped_bit_in_the_head_is_detected(checkpointed: CrashedJournal) -> None:
    head = checkpointed.files["head"]
    written = len(head.rstrip())
    for at in range(0, written, 3):
        assert checkpointed.found(head=flipped(head, at, 1)) in (None, checkpointed.rows), f"byte {at}"
    assert checkpointed.found(head=flipped(head, head.index(b'"sequence":') + len('"sequence":'), 0)) is None


@pytest.mark.failure("F29")
def test_an_older_head_with_the_rows_up_to_it_is_valid(crashed: CrashedJournal) -> None:
    older = {"wal": crashed.before_the_last["journal.db-wal"], "head": crashed.before_the_last["head"]}
    assert crashed.found(**older) == crashed.rows[:-1]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)], check=False).returncode:
        pytest.skip("this machine allows no mount of a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root to mount a small disk")
@pytest.mark.failure("F26")
@pytest.mark.failure("F34")
def test_a_full_disk_stops_the_run_before_the_effect_and_damages_nothing(small_disk: Path, tmp_path: Path) -> None:
    folders = Folders(small_disk, tmp_path / "keys")
    journal = opened(folders)
    with pytest.raises(JournalUnwritable, match="disk is full") as raised:
        fill(journal)
    assert "make room" in raised.value.remedy
    assert isinstance(raised.value, Parked)
    kept = journal.sequence()
    assert verified(folders) == Verification(kept)
    journal.close()
    again = opened(folders)
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
def test_a_row_is_synced_before_the_effect_that_it_announces(tmp_path: Path) -> None:
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
    """Return the system calls with which *script* reached a disk, in order, with the paths of their files."""
    log = folder / "calls"
    watched = "trace=openat,pwrite64,fsync,fdatasync"
    command = ["strace", "-f", "-y", "-o", str(log), "-e", watched, sys.executable, "-c", script, str(folder)]
    result = subprocess.run(command, capture_output=True, check=False, text=True)
    if "ptrace" in result.stderr.lower():
        pytest.skip("this machine allows no tracing")
    assert result.returncode == 0, result.stderr
    return log.read_text(errors="replace").splitlines()
