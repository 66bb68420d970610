"""Sources: folders, a repository's tags, and what services share."""

import subprocess
from pathlib import Path

import pytest

from mainstay import checkout, content
from mainstay.errors import BadInput
from mainstay.shell import GuardedShell
from mainstay.source import Source

shell = GuardedShell()


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    (folder / "package").mkdir(parents=True)
    (folder / "app.py").write_text("print(1)")
    (folder / "package" / "one.py").write_text("")
    return folder


def test_a_version_comes_out_of_the_repository_and_what_git_does_not_track_stays_there(app: Path) -> None:
    git = ["git", "-C", str(app), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    (app / ".gitignore").write_text("app.py\n")
    for command in (["init", "-q"], ["add", "-f", "."], ["commit", "-qm", "one"], ["tag", "v1"]):
        subprocess.run([*git, *command], check=True)
    (app / "app.py").write_text("print(2)")
    (app / "untracked").write_text("")
    checkout.copy(Source(str(app), "v1"), app.parent / "copy", shell)
    assert (app.parent / "copy" / "app.py").read_text() == "print(1)"
    assert not (app.parent / "copy" / "untracked").exists()


def test_a_version_that_is_not_there_is_bad_input(app: Path) -> None:
    subprocess.run(["git", "-C", str(app), "init", "-q"], check=True)
    with pytest.raises(BadInput, match="v9"):
        checkout.measure(Source(str(app), "v9"), shell)


def test_what_services_share_is_copied_beside_and_measured_as_it_will_lie(app: Path) -> None:
    library = app.parent / "library"
    library.mkdir()
    (library / "shared.py").write_text("x = 1")
    both = Source(str(app), beside=(("package/library", str(library)),))
    checkout.copy(both, app.parent / "copy", shell)
    assert (app.parent / "copy" / "package" / "library" / "shared.py").read_text() == "x = 1"
    assert content.measure(app.parent / "copy", ignoring=False).digest == checkout.measure(both, shell).digest


def test_a_change_of_what_is_shared_is_a_change(app: Path) -> None:
    library = app.parent / "library"
    library.mkdir()
    both = Source(str(app), beside=(("library", str(library)),))
    before = checkout.measure(both, shell).digest
    (library / "shared.py").write_text("x = 1")
    assert checkout.measure(both, shell).digest != before


def test_a_place_that_the_folder_has_already_is_refused(app: Path) -> None:
    with pytest.raises(BadInput, match="has a package already"):
        checkout.measure(Source(str(app), beside=(("package", str(app)),)), shell)
