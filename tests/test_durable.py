"""A file that is put in place of another: whole, on the disk, and for whom it is meant."""

import os
from pathlib import Path

import pytest

from mainstay import durable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(b"old")
    return path


def test_a_file_is_on_the_disk_before_it_has_its_name_and_so_is_its_name(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[bytes, bytes]] = []

    def fsync(descriptor: int) -> None:
        place = Path(f"/proc/self/fd/{descriptor}").resolve()
        synced.append((place.read_bytes() if place.is_file() else b"folder", path.read_bytes()))

    monkeypatch.setattr(os, "fsync", fsync)
    durable.write(path, b"new")
    assert synced == [(b"new", b"old"), (b"folder", b"new")]


def test_what_a_crash_left_beside_it_is_no_obstacle(path: Path) -> None:
    path.with_name("key.part").write_bytes(b"much more than will be written")
    durable.write(path, b"new")
    assert {place.name: place.read_bytes() for place in path.parent.iterdir()} == {"key": b"new"}


def test_nobody_else_reads_it_unless_that_is_meant(path: Path) -> None:
    durable.write(path, b"closed")
    durable.write(path.with_name("open"), b"open", 0o644)
    assert [path.with_name(name).stat().st_mode & 0o777 for name in ("key", "open")] == [0o600, 0o644]


def test_nothing_stays_open(path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    durable.write(path, b"new")
    assert os.listdir("/proc/self/fd") == before
