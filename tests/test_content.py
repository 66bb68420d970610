"""Content: what counts in a folder, what is left out, and what a copy of it keeps."""

import os
from pathlib import Path

import pytest

from mainstay import content
from mainstay.errors import BadInput


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        place = folder / name.replace("__", "/").replace("_dot_", ".")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return folder


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    (folder / "package" / "empty").mkdir(parents=True)
    (folder / "app.py").write_text("print(1)")
    (folder / "package" / "__init__.py").write_text("")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("package/__init__.py")
    return folder


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_copy_is_the_same_to_a_service(app: Path, tmp_path: Path) -> None:
    content.copy(app, tmp_path / "copy")
    assert content.measure(tmp_path / "copy", ignoring=False).digest == content.measure(app).digest
    assert names(tmp_path / "copy") == names(app)
    assert os.access(tmp_path / "copy" / "run.sh", os.X_OK)
    assert os.readlink(tmp_path / "copy" / "link") == "package/__init__.py"


def test_a_copy_does_not_change_with_what_it_was_copied_from(app: Path, tmp_path: Path) -> None:
    content.copy(app, tmp_path / "copy")
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
    ids=["bytes", "a name", "the executable bit", "an empty folder gone", "where a link leads", "a new empty folder"],
)
def test_another_digest_for_another(change: object, app: Path) -> None:
    before = content.measure(app).digest
    assert callable(change)
    change(app)
    assert content.measure(app).digest != before


def test_times_and_places_do_not_count(app: Path, tmp_path: Path) -> None:
    before = content.measure(app)
    os.utime(app / "app.py", (1, 1))
    app.rename(tmp_path / "elsewhere")
    assert content.measure(tmp_path / "elsewhere") == before


def test_what_is_ignored_is_left_out_and_counted(app: Path) -> None:
    before = content.measure(app)
    written(app, _dot_gitignore="*.log\nnode_modules/\n!keep.log\n", build__x_dot_log="x", node_modules__a="a")
    written(app, keep_dot_log="kept", _dot_mainstayignore="docs/\n", docs__page="x")
    now = content.measure(app)
    assert now.left_out == 3
    assert now.files == before.files + 3


def test_a_nearer_ignore_file_takes_back_what_a_farther_left_out(app: Path, tmp_path: Path) -> None:
    written(app, _dot_gitignore="*.txt\n", package___dot_gitignore="!note.txt\n", package__note_dot_txt="x")
    written(app, other_dot_txt="x")
    content.copy(app, tmp_path / "copy")
    assert (tmp_path / "copy" / "package" / "note.txt").exists()
    assert not (tmp_path / "copy" / "other.txt").exists()


def test_the_ignore_files_above_count_up_to_the_top_of_the_repository(app: Path) -> None:
    written(app, _dot_venv__python="x")
    assert content.measure(app).left_out == 0
    written(app.parent, _dot_gitignore=".venv/\n", _dot_git__HEAD="ref")
    assert content.measure(app).left_out == 1


def test_a_repository_is_never_part_of_what_it_holds(app: Path) -> None:
    before = content.measure(app).digest
    written(app, _dot_git__HEAD="ref")
    assert content.measure(app).digest == before


@pytest.mark.parametrize("leads_to", ["/etc/hostname", "../outside", "package/../../outside", "loop"])
def test_a_link_that_leads_outside_is_refused(leads_to: str, app: Path) -> None:
    (app / "loop").symlink_to("loop")
    (app / "loop").unlink() if leads_to != "loop" else (app / "link").unlink()
    (app / "link").unlink(missing_ok=True)
    (app / "link").symlink_to(leads_to)
    with pytest.raises(BadInput, match="leads outside"):
        content.measure(app)


def test_a_link_that_is_left_out_may_lead_anywhere(app: Path) -> None:
    (app / "out").symlink_to("/usr/bin/python3")
    written(app, _dot_gitignore="out\n")
    assert content.measure(app).left_out == 1


def test_what_is_no_file_is_left_out(app: Path) -> None:
    os.mkfifo(app / "pipe")
    assert content.measure(app).left_out == 1


def test_a_name_that_is_no_text_is_kept(app: Path, tmp_path: Path) -> None:
    (app / os.fsdecode(b"caf\xe9")).write_text("x")
    content.copy(app, tmp_path / "copy")
    assert content.measure(tmp_path / "copy").digest == content.measure(app).digest


def test_a_source_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not a folder"):
        content.measure(tmp_path / "nothing")


def test_what_is_sealed_can_be_read_and_not_written(app: Path) -> None:
    content.seal(app)
    mode = (app / "app.py").stat().st_mode & 0o777
    assert mode & 0o022 == 0
    assert mode & (0o044 if os.geteuid() == 0 else 0o400)
    assert os.geteuid() == 0 or mode & 0o200 == 0


def test_what_is_sealed_can_be_taken_away(app: Path) -> None:
    content.seal(app)
    content.remove(app)
    content.remove(app)
    assert not app.exists()


@pytest.mark.parametrize(
    "other",
    [("e", (("make",),), "/bin"), ("d", (("make", "all"),), "/bin"), ("d", (("make",),), "/usr/bin")],
    ids=["other files", "another build", "other programs"],
)
def test_another_key_for_another_build(other: tuple[str, tuple[tuple[str, ...], ...], str]) -> None:
    assert content.key(*other) != content.key("d", (("make",),), "/bin")
    assert content.key(*other) == content.key(*other)
