"""File trees: which files count, their digest, and copies of them."""

import errno
import hashlib
import os
import platform
from collections.abc import Callable
from pathlib import Path

import pytest

from mainstay.errors import BadInput
from mainstay.system import file_tree


def write_files(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        place = folder / name.replace("__", "/").replace("_dot_", ".")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return folder


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_copy_has_the_same_digest_modes_and_links(app: Path, tmp_path: Path) -> None:
    file_tree.copy(app, tmp_path / "copy")
    assert file_tree.measure(tmp_path / "copy", ignoring=False).digest == file_tree.measure(app).digest
    assert names(tmp_path / "copy") == names(app)
    assert os.access(tmp_path / "copy" / "run.sh", os.X_OK)
    assert os.readlink(tmp_path / "copy" / "link") == "package/__init__.py"


def test_every_user_can_read_a_copy_whatever_the_umask(app: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    file_tree.copy(app, tmp_path / "copy")
    os.umask(before)
    copied = [tmp_path / "copy", tmp_path / "copy" / "package", tmp_path / "copy" / "run.sh"]
    assert [path.stat().st_mode & 0o777 for path in copied] == [0o755] * 3
    assert (tmp_path / "copy" / "app.py").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("number", [errno.EXDEV, errno.ENOSYS])
def test_without_copy_file_range_bytes_are_copied(
    app: Path, tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "copy_file_range", lambda *_: fail(number))
    file_tree.copy(app, tmp_path / "copy")
    assert file_tree.measure(tmp_path / "copy") == file_tree.measure(app)


def test_a_disk_error_fails_the_copy(app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "copy_file_range", lambda *_: fail(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        file_tree.copy(app, tmp_path / "copy")


def fail(number: int) -> int:
    raise OSError(number, os.strerror(number))


def test_files_are_counted(app: Path) -> None:
    measured = file_tree.measure(app)
    assert (measured.files, measured.left_out) == (3, 0)


def test_the_order_of_a_folder_does_not_change_the_digest(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, scandir = file_tree.measure(app), os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: reversed([*scandir(folder)]))
    assert file_tree.measure(app) == before


def test_a_file_name_cannot_imitate_two_files(tmp_path: Path) -> None:
    two = write_files(tmp_path / "two", a="A", b="B")
    one = write_files(tmp_path / "one", **{f"a {hashlib.sha256(b'A').hexdigest()}\nfile b": "B"})
    assert file_tree.measure(one).digest != file_tree.measure(two).digest


def test_a_copy_does_not_change_with_its_source(app: Path, tmp_path: Path) -> None:
    file_tree.copy(app, tmp_path / "copy")
    (app / "app.py").write_text("print(2)")
    assert (tmp_path / "copy" / "app.py").read_text() == "print(1)"


@pytest.mark.parametrize(
    "change",
    [
        lambda app: (app / "app.py").write_text("print(2)"),
        lambda app: (app / "app.py").rename(app / "other.py"),
        lambda app: (app / "app.py").chmod(0o755),
        lambda app: (app / "package" / "empty").rmdir(),
        lambda app: ((app / "link").unlink(), (app / "link").symlink_to("app.py")),
        lambda app: (app / "new").mkdir(),
    ],
    ids=[
        "bytes",
        "a name",
        "the executable bit",
        "a removed empty folder",
        "the target of a link",
        "a new empty folder",
    ],
)
def test_a_change_changes_the_digest(change: object, app: Path) -> None:
    before = file_tree.measure(app).digest
    assert callable(change)
    change(app)
    assert file_tree.measure(app).digest != before


def test_times_and_paths_do_not_change_the_digest(app: Path, tmp_path: Path) -> None:
    before = file_tree.measure(app)
    os.utime(app / "app.py", (1, 1))
    app.rename(tmp_path / "elsewhere")
    assert file_tree.measure(tmp_path / "elsewhere") == before


def test_ignored_files_are_left_out_and_counted(app: Path) -> None:
    before = file_tree.measure(app)
    write_files(app, _dot_gitignore="*.log\nnode_modules/\n!keep.log\n", build__x_dot_log="x", node_modules__a="a")
    write_files(app, keep_dot_log="kept", _dot_mainstayignore="docs/\n", docs__page="x")
    now = file_tree.measure(app)
    assert now.left_out == 3
    assert now.files == before.files + 2


def test_an_ignored_folder_is_not_copied(app: Path, tmp_path: Path) -> None:
    file_tree.copy(write_files(app, _dot_gitignore="node_modules/\n", node_modules__a="a"), tmp_path / "copy")
    assert not (tmp_path / "copy" / "node_modules").exists()


def test_a_file_ignored_by_git_can_be_included(app: Path) -> None:
    before = file_tree.measure(write_files(app, _dot_gitignore="dist/\n", dist__page="x"))
    now = file_tree.measure(write_files(app, _dot_mainstayignore="!dist/\n"))
    assert (before.left_out, now.left_out, now.files) == (1, 0, before.files + 1)


def test_files_that_only_mainstay_reads_are_neither_copied_nor_counted(app: Path, tmp_path: Path) -> None:
    before = file_tree.measure(app)
    write_files(
        app, mainstay_dot_yaml="system: shop", _dot_mainstayignore="*.log\n", package___dot_mainstayignore="x\n"
    )
    assert file_tree.measure(app, apart=("/mainstay.yaml",)) == before
    file_tree.copy(app, tmp_path / "copy", apart=("/mainstay.yaml",))
    assert file_tree.measure(tmp_path / "copy", ignoring=False) == before
    write_files(app, package__mainstay_dot_yaml="read by the service")
    assert file_tree.measure(app, apart=("/mainstay.yaml",)).files == before.files + 1


def test_files_that_only_mainstay_reads_can_be_included(app: Path) -> None:
    before = file_tree.measure(app).files
    write_files(app, mainstay_dot_yaml="system: shop", _dot_mainstayignore="!mainstay.yaml\n!.mainstayignore\n")
    assert file_tree.measure(app, apart=("/mainstay.yaml",)).files == before + 2


def test_a_nearer_ignore_file_overrides_a_farther_one(app: Path, tmp_path: Path) -> None:
    write_files(app, _dot_gitignore="*.txt\n", package___dot_gitignore="!note.txt\n", package__note_dot_txt="x")
    write_files(app, other_dot_txt="x", package__other_dot_txt="x")
    file_tree.copy(app, tmp_path / "copy")
    assert (tmp_path / "copy" / "package" / "note.txt").exists()
    assert not {"other.txt", "package/other.txt"} & names(tmp_path / "copy")


@pytest.mark.parametrize("repository", ["_dot_git__HEAD", "_dot_git"], ids=["a clone", "a second work tree of one"])
def test_ignore_files_above_apply_up_to_the_root_of_the_repository(app: Path, repository: str) -> None:
    write_files(app, _dot_venv__python="x")
    write_files(app.parent, _dot_gitignore=".venv/\n")
    assert file_tree.measure(app).left_out == 0
    write_files(app.parent, **{repository: "ref"})
    assert file_tree.measure(app).left_out == 1


def test_the_nearer_of_two_ignore_files_above_applies(app: Path) -> None:
    write_files(app / "package", note_dot_txt="x", other_dot_txt="x")
    write_files(app, _dot_gitignore="!note.txt\n")
    write_files(app.parent, _dot_git__HEAD="ref", _dot_gitignore="*.txt\n")
    assert file_tree.measure(app / "package").left_out == 1


def test_the_git_folder_is_left_out(app: Path) -> None:
    before = file_tree.measure(app).digest
    write_files(app, _dot_git__HEAD="ref")
    assert file_tree.measure(app).digest == before
    assert file_tree.measure(app, ignoring=False).digest != before


@pytest.mark.parametrize("leads_to", ["/etc/hostname", "../outside", "package/../../outside", "loop"])
def test_a_link_to_a_path_outside_is_refused(leads_to: str, app: Path) -> None:
    (app / "loop").symlink_to("loop")
    (app / "loop").unlink() if leads_to != "loop" else (app / "link").unlink()
    (app / "link").unlink(missing_ok=True)
    (app / "link").symlink_to(leads_to)
    for look in (file_tree.measure, lambda app: file_tree.copy(app, app.parent / "copy")):
        with pytest.raises(BadInput, match="points outside"):
            look(app)


def test_an_absolute_link_to_a_path_inside_is_refused(app: Path) -> None:
    (app / "absolute").symlink_to(app / "app.py")
    with pytest.raises(BadInput, match="points outside"):
        file_tree.measure(app)


def test_an_ignored_link_may_lead_outside(app: Path) -> None:
    (app / "out").symlink_to("/usr/bin/python3")
    write_files(app, _dot_gitignore="out\n")
    assert file_tree.measure(app).left_out == 1


def test_a_fifo_is_left_out(app: Path) -> None:
    os.mkfifo(app / "pipe")
    assert file_tree.measure(app).left_out == 1


def test_a_name_that_is_not_utf_8_is_kept(app: Path, tmp_path: Path) -> None:
    (app / os.fsdecode(b"caf\xe9")).write_text("x")
    file_tree.copy(app, tmp_path / "copy")
    assert file_tree.measure(tmp_path / "copy").digest == file_tree.measure(app).digest


def test_a_missing_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not a folder") as missing:
        file_tree.measure(tmp_path / "nothing")
    assert missing.value.code == "source-missing"


@pytest.mark.parametrize(
    "other",
    [("e", (("make",),), "/bin"), ("d", (("make", "all"),), "/bin"), ("d", (("make",),), "/usr/bin")],
    ids=["other files", "another build", "other programs"],
)
def test_a_different_source_build_or_path_has_another_key(other: tuple[str, tuple[tuple[str, ...], ...], str]) -> None:
    assert file_tree.key(*other) != file_tree.key("d", (("make",),), "/bin")
    assert file_tree.key(*other) == file_tree.key(*other)


def test_another_architecture_has_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = file_tree.key("d", (), "/bin")
    monkeypatch.setattr(platform, "machine", lambda: "another")
    assert file_tree.key("d", (), "/bin") != before


@pytest.mark.parametrize("act", [file_tree.measure, lambda folder: file_tree.copy(folder, folder.parent / "copy")])
def test_a_file_that_cannot_be_read_is_named(
    act: Callable[[Path], object], app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: Path, mode: str = "r") -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(name))

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(BadInput, match=r"app\.py cannot be read") as refused:
        act(app)
    assert refused.value.code == "source-unreadable"
