"""What of earlier releases stays on disk."""

import os
from pathlib import Path

import msgspec
import pytest

from mainstay.history.summary import History, RunSummary
from mainstay.model import DatastoreRelease, Release, ServiceRelease, Strategy, Workload
from mainstay.operations.retention import KEPT_JOBS, KEPT_PLANS, Kept, kept, prune
from mainstay.system.state_dir import Folders, lay_out

NOTHING = Kept(frozenset(), frozenset(), frozenset())


def release(number: int, revision: int) -> Release:
    web = ServiceRelease(revision, Workload("web", ("./web",), artifact=f"content{revision}"), 1, "1", Strategy())
    db = DatastoreRelease("postgres", 1, None, "18", migrations=f"migrations{number}")
    return Release(number, "shop", "local", "1", {"web": web}, {"db": db})


def past(number: int, kind: str = "deploy", outcome: str = "released") -> RunSummary:
    return msgspec.convert(
        {"run": f"r-{number}", "kind": kind, "version": "1", "release": number, "outcome": outcome, "began": "",
         "took_s": 1, "by": "me", "rollback": "safe", "serves_after": number},
        RunSummary,
    )  # fmt: skip


def record(*runs: RunSummary, revision: int | None = None) -> History:
    """Each release brings its own revision, or carries on the one that is named."""
    releases = [release(run.release, revision or run.release) for run in runs]
    documents = {each.number: msgspec.Raw(msgspec.json.encode({"release": each})) for each in releases}
    return History(runs=tuple(reversed(runs)), documents=documents)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    folders = Folders(tmp_path / "state", tmp_path / "keys")
    lay_out(folders)
    return folders


def test_what_instances_of_a_removed_release_wrote_goes_with_it(folders: Folders) -> None:
    for name in ("web-2-1", "web-2-1.2", "web-9-1"):
        (folders.written / "web" / name / "inside").mkdir(parents=True)
        (folders.written / "web" / name / "inside" / "file").touch()
    prune(folders, Kept(frozenset({9}), frozenset({("web", 9)}), frozenset()))
    assert [path.name for path in (folders.written / "web").iterdir()] == ["web-9-1"]


def test_the_last_five_releases_that_served_are_kept() -> None:
    assert kept(record(*(past(number) for number in range(1, 9)))).releases == {4, 5, 6, 7, 8}


def test_what_went_back_by_itself_does_not_count_and_what_serves_again_does() -> None:
    runs = [*(past(number) for number in range(1, 7)), past(7, outcome="undone"), past(1, kind="rollback")]
    assert kept(record(*runs)).releases == {1, 3, 4, 5, 6}


def test_what_a_kept_release_carries_on_stays_with_it() -> None:
    assert kept(record(past(8), past(9), revision=2)) == Kept(
        releases=frozenset({8, 9}),
        revisions=frozenset({("web", 2)}),
        artifacts=frozenset({"content2", "migrations8", "migrations9"}),
    )


def test_content_goes_with_the_last_release_that_needs_it(folders: Folders) -> None:
    for key in ("content1", "content2"):
        folders.content(key).mkdir()
        folders.content_done(key).touch()
    (folders.contents / "content3.copy").mkdir()
    prune(folders, Kept(frozenset({2}), frozenset({("web", 2)}), frozenset({"content2"})))
    assert names(folders.contents) == ["content2", "content2.done"]


def test_releases_go_and_what_is_no_release_stays(folders: Folders) -> None:
    for name in ("1", "2", "notes"):
        (folders.releases / name).mkdir()
        (folders.releases / name / "release.json").touch()
    prune(folders, Kept(frozenset({2}), frozenset(), frozenset()))
    assert names(folders.releases) == ["2", "notes"]


def test_logs_go_with_their_revision_and_all_others_stay(folders: Folders) -> None:
    stay = ["db/db-1-1.err", "edge/access.log", "front-end/front-end-2-1.out", "front-end/notes", "supervisor.log"]
    for name in (*stay, "front-end/front-end-1-1.out"):
        (folders.logs / name).parent.mkdir(exist_ok=True)
        (folders.logs / name).touch()
    prune(folders, Kept(frozenset({2}), frozenset({("front-end", 2)}), frozenset()))
    assert sorted(str(path.relative_to(folders.logs)) for path in folders.logs.rglob("*") if path.is_file()) == stay


@pytest.mark.parametrize(("what", "keep"), [("jobs", KEPT_JOBS), ("plans", KEPT_PLANS)])
@pytest.mark.parametrize("more", [-1, 0, 3])
def test_the_newest_are_kept(folders: Folders, what: str, keep: int, more: int) -> None:
    paths = [folders.state / what / f"{number:03}" for number in range(keep + more)]
    for age, path in enumerate(paths):
        path.mkdir() if what == "jobs" else path.touch()
        os.utime(path, (0, -age))
    prune(folders, NOTHING)
    assert names(folders.state / what) == [path.name for path in paths[:keep]]


def test_pruning_twice_is_pruning_once(folders: Folders) -> None:
    folders.content("content1").mkdir()
    prune(folders, NOTHING)
    prune(folders, NOTHING)
    assert names(folders.contents) == []


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
