"""Free space: a shortage is named, and no run starts on a full disk."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

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
