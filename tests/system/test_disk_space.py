"""Room on the disk: what is short is named, and only a full disk is an expected failure of a step."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from mainstay.engine.executor import run_task
from mainstay.errors import StepFailed
from mainstay.system.atomic_file import overwrite
from mainstay.system.clock import SystemClock
from mainstay.system.disk_space import NoRoom, require_room, shortage


def disk(monkeypatch: pytest.MonkeyPatch, *, free_bytes: int, inodes: int = 100) -> None:
    found = SimpleNamespace(
        f_bfree=free_bytes // 4096, f_bavail=free_bytes // 4096, f_frsize=4096, f_files=1000, f_ffree=inodes
    )
    monkeypatch.setattr(os, "statvfs", lambda _: found)


@pytest.mark.parametrize(
    ("free_bytes", "inodes", "why"),
    [
        (1 << 30, 100, ""),
        (8192, 100, "the disk that holds / is full: 8 KiB are free"),
        (1 << 30, 0, "the disk that holds / is full: no inode is free"),
    ],
)
def test_a_shortage_is_named(monkeypatch: pytest.MonkeyPatch, free_bytes: int, inodes: int, why: str) -> None:
    disk(monkeypatch, free_bytes=free_bytes, inodes=inodes)
    assert shortage(Path("/")) == why


def test_a_run_is_refused_on_a_full_disk_with_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    disk(monkeypatch, free_bytes=0)
    with pytest.raises(NoRoom, match="0 KiB are free; nothing was changed") as refused:
        require_room(Path("/"))
    assert (refused.value.exit_code, refused.value.code) == (1, "disk-full")


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, StepFailed), (errno.EDQUOT, StepFailed), (errno.EACCES, PermissionError)]
)
def test_a_step_that_meets_a_full_disk_fails_and_can_be_undone(number: int, kind: type[Exception]) -> None:
    def deed() -> str:
        raise OSError(number, os.strerror(number), "/state/content")

    trouble = run_task("1.1", deed, SystemClock()).trouble
    assert isinstance(trouble, kind)
    assert "/state/content" in str(trouble)


def test_overwriting_leaves_nothing_of_a_longer_text_but_spaces(tmp_path: Path) -> None:
    note = tmp_path / "note"
    note.write_bytes(b'{"pid": 12345}')
    overwrite(note, b'{"pid": 7}')
    assert note.read_bytes() == b'{"pid": 7}    '
