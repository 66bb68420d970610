"""What an instance wrote into its private copy, as opposed to what it was given."""

import os
import socket
from pathlib import Path

import pytest

from mainstay.drivers.machine.instances.private_copies import free_name, link_written


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    (folder / "inside").mkdir(parents=True)
    for name in ("same", "touched", "changed", "inside/longer"):
        (folder / name).write_text("as built")
        os.utime(folder / name, (1, 1))
    return folder


@pytest.fixture
def copy(content: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    (folder / "inside" / "__pycache__").mkdir(parents=True)
    for name in ("same", "touched", "changed"):
        (folder / name).write_text("as built")
        os.utime(folder / name, (1, 1))
    (folder / "touched").touch()
    (folder / "changed").write_text("as found")
    (folder / "inside" / "longer").write_text("as built, and more")
    (folder / "inside" / "new").write_text("new")
    (folder / "inside" / "__pycache__" / "app.pyc").touch()
    (folder / "uploads").symlink_to("/nonexistent")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / "socket"))
    return folder


def test_only_new_and_changed_files_are_kept(content: Path, copy: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert link_written(copy, content, kept) == 3
    found = {str(path.relative_to(kept)): path.read_text() for path in kept.rglob("*") if path.is_file()}
    assert found == {"changed": "as found", "inside/longer": "as built, and more", "inside/new": "new"}
    assert kept.stat().st_mode & 0o077 == 0


def test_nothing_is_made_where_nothing_was_written(content: Path, tmp_path: Path) -> None:
    assert link_written(content, content, tmp_path / "kept") == 0
    assert not (tmp_path / "kept").exists()


def test_a_second_instance_of_one_id_overwrites_nothing(tmp_path: Path) -> None:
    assert free_name(tmp_path, "web-1-1") == tmp_path / "web-1-1"
    for name in ("web-1-1", "web-1-1.2"):
        (tmp_path / name).mkdir()
    assert free_name(tmp_path, "web-1-1") == tmp_path / "web-1-1.3"
