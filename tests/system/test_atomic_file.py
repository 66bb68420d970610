"""Atomic writes and moves: complete and synced after a power cut, with the right mode."""

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mainstay.system.atomic_file import atomic_write, make_folder, move, overwrite
from tests.fakes.disk import Disk, synced_folders
from tests.fakes.power import Power, PowerCut


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(b"old")
    return path


def replace_by_a_move(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"new")
    move(other, path)


@pytest.mark.failure("F22")
@pytest.mark.parametrize("write", [lambda path: atomic_write(path, b"new"), replace_by_a_move], ids=["write", "move"])
def test_after_a_power_cut_at_any_point_the_file_is_the_old_or_the_new_one(
    path: Path, write: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    cuts = 0
    while True:
        path.write_bytes(b"old")
        power = Power(cuts + 1)
        with monkeypatch.context() as patch:
            disk = Disk(power, patch)
            try:
                write(path)
            except PowerCut:
                assert disk.found(path) <= {b"old", b"new"}, power.gone_at
                cuts += 1
                continue
        assert disk.found(path) == {b"new"}
        break
    assert cuts == 6


def test_the_content_is_synced_before_the_rename_and_the_folder_after_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[bytes, bytes]] = []

    def fsync(descriptor: int) -> None:
        place = Path(f"/proc/self/fd/{descriptor}").resolve()
        synced.append((place.read_bytes() if place.is_file() else b"folder", path.read_bytes()))

    monkeypatch.setattr(os, "fsync", fsync)
    atomic_write(path, b"new")
    assert synced == [(b"new", b"old"), (b"folder", b"new")]


def test_a_partial_file_left_by_a_crash_is_replaced(path: Path) -> None:
    path.with_name(f"key.{os.getpid()}.part").write_bytes(b"much more than will be written")
    atomic_write(path, b"new")
    assert {place.name: place.read_bytes() for place in path.parent.iterdir()} == {"key": b"new"}


def test_a_link_in_place_of_the_partial_file_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.with_name(f"key.{os.getpid()}.part").symlink_to(tmp_path / "elsewhere")
    atomic_write(path, b"new")
    assert not (tmp_path / "elsewhere").exists()
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize(
    "failure", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=["failed", "interrupted"]
)
def test_a_failed_or_interrupted_write_leaves_only_the_old_file(
    path: Path, failure: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise failure

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(type(failure), match="No space left" if failure.args else None):
        atomic_write(path, b"new")
    assert {place.name: place.read_bytes() for place in path.parent.iterdir()} == {"key": b"old"}


def test_the_error_of_a_failed_write_names_the_target_file(tmp_path: Path) -> None:
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(IsADirectoryError) as failed:
        atomic_write(tmp_path / "folder", b"new")
    assert str(failed.value) == f"[Errno 21] Is a directory: '{tmp_path}/folder'"


def test_the_first_error_is_reported_even_if_the_partial_file_cannot_be_removed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_read_only(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    def raise_disk_full(descriptor: int) -> None:
        monkeypatch.setattr(os, "unlink", raise_read_only)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", raise_disk_full)
    with pytest.raises(OSError, match="No space left"):
        atomic_write(path, b"new")


def test_a_relative_path_without_a_folder_is_written_and_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    atomic_write("key", b"new")
    move("key", "other")
    make_folder("folder")
    assert sorted(place.name for place in tmp_path.iterdir()) == ["folder", "other"]


def test_every_created_folder_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = synced_folders(monkeypatch)
    make_folder(tmp_path / "one" / "two", 0o700)
    assert synced == [tmp_path, tmp_path / "one"]
    assert (tmp_path / "one" / "two").stat().st_mode & 0o777 == 0o700
    make_folder(tmp_path / "one" / "two")
    assert synced == [tmp_path, tmp_path / "one"]


def test_a_file_at_the_path_of_a_folder_is_an_error(path: Path) -> None:
    with pytest.raises(FileExistsError):
        make_folder(path)


def test_a_move_between_folders_syncs_both(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new").mkdir()
    synced = synced_folders(monkeypatch)
    move(path, tmp_path / "new" / "key")
    assert synced == [tmp_path / "new", tmp_path]


def test_only_the_owner_can_read_a_file_unless_a_mode_is_given(path: Path) -> None:
    atomic_write(path, b"closed")
    atomic_write(path.with_name("open"), b"open", 0o644)
    assert [path.with_name(name).stat().st_mode & 0o777 for name in ("key", "open")] == [0o600, 0o644]


def test_no_descriptor_stays_open(path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    atomic_write(path, b"new")
    assert os.listdir("/proc/self/fd") == before


def test_processes_that_write_the_same_file_do_not_disturb_each_other(path: Path) -> None:
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            for _ in range(100):
                atomic_write(path, b"%d" % number * 10_000)
            os._exit(0)
        children.append(child)
    found = {path.read_bytes() for _ in range(200)}
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0, 0]
    assert found <= {b"old", *(b"%d" % number * 10_000 for number in range(4))}
    assert [place.name for place in path.parent.iterdir()] == ["key"]


def test_threads_that_write_the_same_file_do_not_disturb_each_other(path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: atomic_write(path, b"%d" % (number % 10) * 10_000), range(200)))
    assert [place.name for place in path.parent.iterdir()] == ["key"]
    assert len(path.read_bytes()) == 10_000


def test_a_folder_is_moved_with_everything_in_it(tmp_path: Path) -> None:
    (tmp_path / "part" / "inner").mkdir(parents=True)
    move(tmp_path / "part", tmp_path / "whole")
    assert (tmp_path / "whole" / "inner").is_dir()
    assert not (tmp_path / "part").exists()


def test_overwriting_pads_a_shorter_text_with_spaces(tmp_path: Path) -> None:
    note = tmp_path / "note"
    note.write_bytes(b'{"pid": 12345}')
    overwrite(note, b'{"pid": 7}')
    assert note.read_bytes() == b'{"pid": 7}    '
