"""Files that are put in place of others: whole, on the disk, and for whom they are meant."""

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.history.signing import SigningKey
from mainstay.model.secret import Secret
from mainstay.system.atomic_file import atomic_write, make_folder, move
from mainstay.system.state_dir import Folders
from tests.fakes.disk import Disk
from tests.fakes.power import Power, PowerCut


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(b"old")
    return path


def move_another_here(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"new")
    move(other, path)


@pytest.mark.failure("F22")
@pytest.mark.parametrize("write", [lambda path: atomic_write(path, b"new"), move_another_here], ids=["write", "move"])
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


def test_a_file_is_on_the_disk_before_it_has_its_name_and_so_is_its_name(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[bytes, bytes]] = []

    def fsync(descriptor: int) -> None:
        place = Path(f"/proc/self/fd/{descriptor}").resolve()
        synced.append((place.read_bytes() if place.is_file() else b"folder", path.read_bytes()))

    monkeypatch.setattr(os, "fsync", fsync)
    atomic_write(path, b"new")
    assert synced == [(b"new", b"old"), (b"folder", b"new")]


def test_what_a_crash_left_beside_it_is_no_obstacle(path: Path) -> None:
    path.with_name(f"key.{os.getpid()}.part").write_bytes(b"much more than will be written")
    atomic_write(path, b"new")
    assert {place.name: place.read_bytes() for place in path.parent.iterdir()} == {"key": b"new"}


def test_a_link_that_lies_beside_it_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.with_name(f"key.{os.getpid()}.part").symlink_to(tmp_path / "elsewhere")
    atomic_write(path, b"new")
    assert not (tmp_path / "elsewhere").exists()
    assert path.read_bytes() == b"new"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        atomic_write(path, b"new")
    assert {place.name: place.read_bytes() for place in path.parent.iterdir()} == {"key": b"old"}


def test_an_interrupted_write_leaves_the_old_file_and_nothing_beside_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        atomic_write(path, b"new")
    assert {place.name: place.read_bytes() for place in path.parent.iterdir()} == {"key": b"old"}


def test_a_write_that_fails_names_the_file_that_was_to_be_written(tmp_path: Path) -> None:
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(IsADirectoryError) as failed:
        atomic_write(tmp_path / "folder", b"new")
    assert str(failed.value) == f"[Errno 21] Is a directory: '{tmp_path}/folder'"


def test_the_first_error_is_reported_though_the_part_cannot_be_removed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    def full(descriptor: int) -> None:
        monkeypatch.setattr(os, "unlink", refused)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        atomic_write(path, b"new")


def test_a_relative_path_without_a_folder_is_written_and_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    atomic_write("key", b"new")
    move("key", "other")
    make_folder("folder")
    assert sorted(place.name for place in tmp_path.iterdir()) == ["folder", "other"]


def synced_folders(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that are synced from now on."""
    synced: list[Path] = []

    def fsync(descriptor: int) -> None:
        place = Path(f"/proc/self/fd/{descriptor}").resolve()
        synced.extend([place] if place.is_dir() else [])

    monkeypatch.setattr(os, "fsync", fsync)
    return synced


def test_every_folder_that_is_created_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = synced_folders(monkeypatch)
    make_folder(tmp_path / "one" / "two", 0o700)
    assert synced == [tmp_path, tmp_path / "one"]
    assert (tmp_path / "one" / "two").stat().st_mode & 0o777 == 0o700
    make_folder(tmp_path / "one" / "two")
    assert synced == [tmp_path, tmp_path / "one"]


def test_a_file_in_the_place_of_a_folder_is_an_error(path: Path) -> None:
    with pytest.raises(FileExistsError):
        make_folder(path)


def test_a_move_between_folders_syncs_both(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new").mkdir()
    synced = synced_folders(monkeypatch)
    move(path, tmp_path / "new" / "key")
    assert synced == [tmp_path / "new", tmp_path]


@pytest.mark.failure("F22")
def test_the_folder_of_a_new_key_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = synced_folders(monkeypatch)
    SealedFile(tmp_path / "state" / "secrets.age", tmp_path / "keys" / "secrets.key").keep("TOKEN", Secret("hunter2"))
    SigningKey.of(Folders(tmp_path / "state", tmp_path / "other-keys"))
    assert synced.count(tmp_path) == 3


def test_only_its_owner_can_read_it_unless_a_mode_is_given(path: Path) -> None:
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
