"""Files that are removed with their releases, and with the data of the environment."""

import os
from pathlib import Path

import pytest

from mainstay.drivers.targets.process.cleanup import KEPT_JOBS, prune
from mainstay.drivers.targets.retained import Retained
from mainstay.steps.remove_data import RemoveData
from mainstay.steps.step import Look
from mainstay.system import sealed_tree
from mainstay.system.state_dir import Folders, create_folders
from tests.fakes.world import fake_world

NOTHING = Retained(frozenset(), frozenset(), frozenset())


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    folders = Folders(tmp_path / "state", tmp_path / "keys")
    create_folders(folders)
    return folders


def test_files_written_by_instances_of_a_removed_release_are_removed(folders: Folders) -> None:
    for name in ("web-2-1", "web-2-1.2", "web-9-1"):
        (folders.written / "web" / name / "inside").mkdir(parents=True)
        (folders.written / "web" / name / "inside" / "file").touch()
    prune(folders, Retained(frozenset({9}), frozenset({("web", 9)}), frozenset()))
    assert [path.name for path in (folders.written / "web").iterdir()] == ["web-9-1"]


def test_content_is_removed_with_the_last_release_that_uses_it(folders: Folders) -> None:
    for key in ("content1", "content2"):
        folders.content(key).mkdir()
        folders.content_done(key).touch()
    (folders.contents / "content3.copy").mkdir()
    prune(folders, Retained(frozenset({2}), frozenset({("web", 2)}), frozenset({"content2"})))
    assert names(folders.contents) == ["content2", "content2.done"]


def test_only_folders_of_releases_are_removed(folders: Folders) -> None:
    for name in ("1", "2", "notes"):
        (folders.releases / name).mkdir()
        (folders.releases / name / "release.json").touch()
    prune(folders, Retained(frozenset({2}), frozenset(), frozenset()))
    assert names(folders.releases) == ["2", "notes"]


def test_only_logs_of_removed_revisions_are_removed(folders: Folders) -> None:
    stay = ["db/db-1-1.err", "edge/access.log", "front-end/front-end-2-1.out", "front-end/notes", "supervisor.log"]
    for name in (*stay, "front-end/front-end-1-1.out"):
        (folders.logs / name).parent.mkdir(exist_ok=True)
        (folders.logs / name).touch()
    prune(folders, Retained(frozenset({2}), frozenset({("front-end", 2)}), frozenset()))
    assert sorted(str(path.relative_to(folders.logs)) for path in folders.logs.rglob("*") if path.is_file()) == stay


def test_of_a_release_that_failed_only_the_logs_are_kept(folders: Folders) -> None:
    for number in (1, 2, 3):
        for place in (folders.logs / "web" / f"web-{number}-1.out", folders.written / "web" / f"web-{number}-1"):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
    live = frozenset({("web", 2)})
    prune(folders, Retained(frozenset({2}), live, frozenset(), failed=frozenset({("web", 3)})))
    assert names(folders.logs / "web") == ["web-2-1.out", "web-3-1.out"]
    assert names(folders.written / "web") == ["web-2-1"]


def test_pruning_again_changes_nothing(folders: Folders) -> None:
    folders.content("content1").mkdir()
    prune(folders, NOTHING)
    prune(folders, NOTHING)
    assert names(folders.contents) == []


@pytest.mark.parametrize("more", [-1, 0, 3])
def test_the_newest_jobs_are_kept(folders: Folders, more: int) -> None:
    paths = [folders.jobs / f"{number:03}" for number in range(KEPT_JOBS + more)]
    for age, path in enumerate(paths):
        path.mkdir()
        os.utime(path, (0, -age))
    prune(folders, NOTHING)
    assert sorted(folders.jobs.iterdir()) == paths[:KEPT_JOBS]


def test_removing_data_keeps_the_journal_backups_plans_and_secrets(tmp_path: Path) -> None:
    world = fake_world(tmp_path)
    state = world.folders.state
    for name in ("data/db", "content/k", "volumes/v", "backups/b", "plans"):
        (state / name).mkdir(parents=True)
    for name in ("journal.db", "desired.json", "secrets.age"):
        (state / name).write_text("x")
    sealed_tree.seal(state / "content" / "k")
    step = RemoveData()
    assert step.look(world) is Look.ABSENT
    (state / "data").rename(state / "data.removed")
    step.do(world)
    assert step.look(world) is Look.PRESENT
    assert {path.name for path in state.iterdir()} == {"backups", "plans", "journal.db", "secrets.age"}
    step.do(world)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
