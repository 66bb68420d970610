"""Private copies of content, and what instances write into them."""

import os
import socket
from pathlib import Path

import pytest

from mainstay.drivers.machine.instances.private_copies import free_name, link_written
from tests.drivers.machine.machine import Machine, member, worker


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
    with socket.socket(socket.AF_UNIX) as unix_socket:
        unix_socket.bind(str(folder / "socket"))
    return folder


def test_only_new_and_changed_files_are_kept(content: Path, copy: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert link_written(copy, content, kept) == 3
    assert texts_below(kept) == {"changed": "as found", "inside/longer": "as built, and more", "inside/new": "new"}
    assert kept.stat().st_mode & 0o077 == 0


def test_without_new_files_no_folder_is_created(content: Path, tmp_path: Path) -> None:
    assert link_written(content, content, tmp_path / "kept") == 0
    assert not (tmp_path / "kept").exists()


def test_a_second_instance_with_the_same_id_gets_another_folder(tmp_path: Path) -> None:
    assert free_name(tmp_path, "web-1-1") == tmp_path / "web-1-1"
    for name in ("web-1-1", "web-1-1.2"):
        (tmp_path / name).mkdir()
    assert free_name(tmp_path, "web-1-1") == tmp_path / "web-1-1.3"


def test_a_private_copy_is_removed_with_its_instance_and_its_new_files_are_kept(machine: Machine) -> None:
    content = machine.folders.content("abc")
    (content / "inside").mkdir(parents=True)
    (content / "inside" / "file").write_text("as built")
    (content / "inside").chmod(0o555)
    workload = worker("sh", "-c", "echo new > inside/new && exec sleep 60", artifact="abc", folder="", read_only=False)
    machine.start_fleet(member(workload), service="worker")
    copy = machine.folders.homes / ".instances" / "worker-1-1" / "content"
    machine.wait_until((copy / "inside" / "new").exists, "the new file")
    assert not (content / "inside" / "new").exists()
    machine.end_fleet("worker")
    assert not copy.exists()
    assert texts_below(machine.folders.written) == {"worker/worker-1-1/inside/new": "new\n"}
    machine.start_fleet(member(workload), service="worker")
    machine.wait_until((copy / "inside" / "new").exists, "the new file")
    machine.end_fleet("worker")
    kept = {f"worker/{name}/inside/new" for name in ("worker-1-1", "worker-1-1.2")}
    assert set(texts_below(machine.folders.written)) == kept


def test_a_private_copy_stays_when_its_new_files_cannot_be_kept(machine: Machine) -> None:
    content = machine.folders.content("abc")
    content.mkdir(parents=True)
    workload = worker("sh", "-c", "echo new > new && exec sleep 60", artifact="abc", folder="", read_only=False)
    machine.start_fleet(member(workload), service="worker")
    new = machine.folders.homes / ".instances" / "worker-1-1" / "content" / "new"
    machine.wait_until(new.exists, "the new file")
    machine.folders.written.touch()
    machine.end_fleet("worker")
    assert new.read_text() == "new\n"
    assert "could not be kept, they are still in" in machine.folders.supervisor_log.read_text()


def texts_below(folder: Path) -> dict[str, str]:
    """Every file below *folder* with its text."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
