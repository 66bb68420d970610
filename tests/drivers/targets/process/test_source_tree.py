"""Sources: folders, versions in a repository, and shared folders."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from mainstay.drivers.targets.process import source_tree
from mainstay.errors import BadInput
from mainstay.model.artifact import Source
from mainstay.system import file_tree
from mainstay.system.command import Shell

shell = Shell()


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    (folder / "package").mkdir(parents=True)
    (folder / "app.py").write_text("print(1)")
    (folder / "package" / "one.py").write_text("")
    return folder


@pytest.fixture
def tagged(app: Path) -> Path:
    """A repository whose `v1` tracks what its ignore file names; later commits and the work tree differ."""
    (app / ".gitignore").write_text("app.py\n")
    git(app, "init", "-q")
    for version in ("1", "2"):
        (app / "app.py").write_text(f"print({version})")
        for words in (["add", "-f", "."], ["commit", "-qm", version], ["tag", f"v{version}"]):
            git(app, *words)
    (app / "app.py").write_text("print(3)")
    (app / "untracked").write_text("")
    return app


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.com", *words], check=True)


def test_a_version_has_the_files_that_git_tracks(tagged: Path) -> None:
    source, copy = Source(str(tagged), "v1"), tagged.parent / "copy"
    source_tree.copy(source, copy, shell)
    assert (copy / "app.py").read_text() == "print(1)"
    assert not (copy / "untracked").exists()
    assert source_tree.measure(source, shell).digest == file_tree.measure(copy, ignoring=False).digest


@pytest.mark.parametrize("ref", ["", "v1"], ids=["of a folder", "of a repository"])
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "with a shared folder"])
def test_the_manifest_is_left_out_unless_it_is_included(app: Path, ref: str, beside: bool, tmp_path: Path) -> None:
    shared = (("lib", str(app / "package")),) if beside else ()
    (app / "mainstay.yaml").write_text("system: shop")
    (app / ".mainstayignore").write_text("*.log\n")
    git(app, "init", "-q")
    for tag, ignore in (("v1", "*.log\n"), ("v2", "!mainstay.yaml\n")):
        (app / ".mainstayignore").write_text(ignore)
        for words in (["add", "."], ["commit", "-qm", tag], ["tag", tag]):
            git(app, *words)
        source = Source(str(app), ref and tag, shared, ("/mainstay.yaml",))
        source_tree.copy(source, tmp_path / tag, shell)
        assert source_tree.measure(source, shell).digest == file_tree.measure(tmp_path / tag, ignoring=False).digest
    assert not {"mainstay.yaml", ".mainstayignore"} & {path.name for path in (tmp_path / "v1").rglob("*")}
    assert {"mainstay.yaml"} == {path.name for path in (tmp_path / "v2").glob("*main*")}


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can read the files of another user")
def test_a_version_is_read_from_a_repository_of_another_user(tagged: Path) -> None:
    for path in (tagged, *tagged.rglob("*")):
        shutil.chown(path, "nobody")
    assert source_tree.measure(Source(str(tagged), "v1"), shell).files == 3


def test_a_missing_version_is_refused(tagged: Path) -> None:
    with pytest.raises(BadInput, match=r"extract v9 from .*: fatal: not a valid object name") as refused:
        source_tree.measure(Source(str(tagged), "v9"), shell)
    assert refused.value.code == "source-missing"


@pytest.mark.parametrize("missing", ["git", "tar"])
def test_without_git_or_tar_a_version_is_refused(tagged: Path, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tagged.parent / "programs"
    programs.mkdir()
    for name in {"git", "tar"} - {missing}:
        (programs / name).symlink_to(shutil.which(name) or "")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr("mainstay.system.command.SYSTEM_PATH", str(programs))
    with pytest.raises(BadInput, match=f"{missing}: No such file"):
        source_tree.measure(Source(str(tagged), "v1"), shell)


@pytest.mark.parametrize("beside", [(), (("library", "library"),)], ids=["alone", "with a shared folder"])
def test_ignored_files_are_not_copied(app: Path, beside: tuple[tuple[str, str], ...]) -> None:
    library = app.parent / "library"
    library.mkdir()
    for folder in (app, library):
        (folder / ".gitignore").write_text("*.log\n")
        (folder / "much.log").write_text("")
    source = Source(str(app), beside=tuple((inside, str(app.parent / folder)) for inside, folder in beside))
    source_tree.copy(source, app.parent / "copy", shell)
    assert list((app.parent / "copy").rglob("*.log")) == []
    assert file_tree.measure(app.parent / "copy", ignoring=False).digest == source_tree.measure(source, shell).digest


def test_a_shared_folder_is_copied_and_measured_at_its_path_in_the_copy(app: Path) -> None:
    library = app.parent / "library"
    library.mkdir()
    (library / "shared.py").write_text("x = 1")
    both = Source(str(app), beside=(("package/library", str(library)),))
    source_tree.copy(both, app.parent / "copy", shell)
    assert (app.parent / "copy" / "package" / "library" / "shared.py").read_text() == "x = 1"
    assert file_tree.measure(app.parent / "copy", ignoring=False).digest == source_tree.measure(both, shell).digest


def test_a_change_in_a_shared_folder_changes_the_digest(app: Path) -> None:
    library = app.parent / "library"
    library.mkdir()
    both = Source(str(app), beside=(("library", str(library)),))
    before = source_tree.measure(both, shell).digest
    (library / "shared.py").write_text("x = 1")
    assert source_tree.measure(both, shell).digest != before


def test_a_shared_folder_at_an_existing_path_is_refused(app: Path) -> None:
    with pytest.raises(BadInput, match="already contains package, so") as refused:
        source_tree.measure(Source(str(app), beside=(("package", str(app)),)), shell)
    assert refused.value.code == "place-taken"


def test_no_temporary_file_is_left_after_a_version_was_unpacked(
    tagged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "unpacked").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "unpacked"))
    source_tree.measure(Source(str(tagged), "v1"), shell)
    assert list((tmp_path / "unpacked").iterdir()) == []
