"""What of earlier releases stays on disk."""

from pathlib import Path

import msgspec
import pytest

from mainstay.folders import Folders, lay_out
from mainstay.record import Past, Record
from mainstay.release import Release, ServiceRelease, Spec, Strategy
from mainstay.retention import KEPT_JOBS, Kept, kept, prune


def release(number: int, revision: int) -> Release:
    web = ServiceRelease(revision, Spec("web", ("./web",), content=f"content{revision}"), 1, "1", Strategy())
    return Release(number, "shop", "local", "1", {"web": web})


def past(number: int, kind: str = "deploy", outcome: str = "released") -> Past:
    return msgspec.convert(
        {"run": f"r-{number}", "kind": kind, "version": "1", "release": number, "outcome": outcome, "began": "",
         "took_s": 1, "by": "me", "rollback": "safe"},
        Past,
    )  # fmt: skip


def record(*runs: Past) -> Record:
    documents = {
        run.release: msgspec.Raw(msgspec.json.encode({"release": release(run.release, run.release)})) for run in runs
    }
    return Record(history=tuple(reversed(runs)), documents=documents)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    folders = Folders(tmp_path / "state", tmp_path / "keys")
    lay_out(folders)
    return folders


def test_the_last_five_releases_that_served_are_kept() -> None:
    assert kept(record(*(past(number) for number in range(1, 9)))).releases == {4, 5, 6, 7, 8}


def test_what_went_back_by_itself_does_not_count_and_what_serves_again_does() -> None:
    runs = [*(past(number) for number in range(1, 7)), past(7, outcome="undone"), past(1, kind="rollback")]
    assert kept(record(*runs)).releases == {1, 3, 4, 5, 6}


def test_content_goes_with_the_last_release_that_needs_it(folders: Folders) -> None:
    for key in ("content1", "content2"):
        folders.content(key).mkdir()
        folders.content_done(key).touch()
    (folders.contents / "content3.copy").mkdir()
    prune(folders, Kept(frozenset({2}), frozenset({("web", 2)}), frozenset({"content2"})))
    assert sorted(path.name for path in folders.contents.iterdir()) == ["content2", "content2.done"]


def test_logs_go_with_their_revision_and_those_of_a_datastore_stay(folders: Folders) -> None:
    for service, name in (("web", "web-1-1.out"), ("web", "web-2-1.out"), ("db", "db-1-1.err"), ("edge", "access.log")):
        (folders.logs / service).mkdir(exist_ok=True)
        (folders.logs / service / name).touch()
    prune(folders, Kept(frozenset({2}), frozenset({("web", 2)}), frozenset()))
    left = sorted(path.name for path in folders.logs.rglob("*") if path.is_file())
    assert left == ["access.log", "db-1-1.err", "web-2-1.out"]


def test_the_newest_jobs_are_kept(folders: Folders) -> None:
    for number in range(KEPT_JOBS + 3):
        folders.job(f"job-{number:03}").mkdir()
    prune(folders, Kept(frozenset(), frozenset(), frozenset()))
    assert len(list(folders.jobs.iterdir())) == KEPT_JOBS


def test_pruning_twice_is_pruning_once(folders: Folders) -> None:
    folders.content("content1").mkdir()
    nothing = Kept(frozenset(), frozenset(), frozenset())
    prune(folders, nothing)
    prune(folders, nothing)
    assert list(folders.contents.iterdir()) == []
