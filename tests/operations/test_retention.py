"""What is kept of earlier releases on disk."""

import os
from pathlib import Path

import msgspec
import pytest

from mainstay.drivers.targets.retained import Retained
from mainstay.history.summary import History, RunSummary
from mainstay.model import DatastoreRelease, Release, ServiceRelease, Strategy, Workload
from mainstay.operations.retention import KEPT_PLANS, kept, prune_plans
from mainstay.system.state_dir import Folders, create_folders


def release(number: int, revision: int) -> Release:
    web = ServiceRelease(revision, Workload("web", ("./web",), artifact=f"content{revision}"), 1, "1", Strategy())
    db = DatastoreRelease("postgres", 1, None, "18", migrations=f"migrations{number}")
    brought = ("web",) if revision == number else ()
    return Release(number, "shop", "local", "1", {"web": web}, {"db": db}, brought=brought)


def past(number: int, kind: str = "deploy", outcome: str = "released") -> RunSummary:
    return msgspec.convert(
        {"run": f"r-{number}", "kind": kind, "version": "1", "release": number, "outcome": outcome, "began": "",
         "took_s": 1, "by": "me", "rollback": "safe", "serves_after": number},
        RunSummary,
    )  # fmt: skip


def record(*runs: RunSummary, revision: int | None = None) -> History:
    """Return the history of *runs*; each release has its own revision, or *revision*."""
    releases = [release(run.release, revision or run.release) for run in runs]
    documents = {each.number: msgspec.Raw(msgspec.json.encode({"release": each})) for each in releases}
    return History(runs=tuple(reversed(runs)), documents=documents)


def test_the_last_five_releases_that_were_live_are_kept() -> None:
    assert kept(record(*(past(number) for number in range(1, 9)))).releases == {4, 5, 6, 7, 8}


def test_an_undone_deploy_does_not_count_and_a_rollback_does() -> None:
    runs = [*(past(number) for number in range(1, 7)), past(7, outcome="undone"), past(1, kind="rollback")]
    assert kept(record(*runs)).releases == {1, 3, 4, 5, 6}


def test_the_revisions_and_artifacts_of_a_kept_release_are_kept() -> None:
    artifacts = frozenset({"content2", "migrations8", "migrations9"})
    expected = Retained(releases=frozenset({8, 9}), revisions=frozenset({("web", 2)}), artifacts=artifacts)
    assert kept(record(past(8), past(9), revision=2)) == expected


def test_of_the_newest_five_releases_that_failed_only_the_logs_are_kept() -> None:
    undone = [past(number, outcome="undone") for number in range(2, 9)]
    found = kept(record(past(1), *undone, past(1, kind="rollback", outcome="undone"), past(9)))
    assert found.failed == {("web", number) for number in range(4, 9)}
    assert found.logs == found.failed | {("web", 1), ("web", 9)}
    assert found.revisions == {("web", 1), ("web", 9)}
    assert found.artifacts == {"content1", "migrations1", "content9", "migrations9"}


def test_a_failed_release_keeps_no_log_of_a_revision_that_an_earlier_release_introduced() -> None:
    assert kept(record(past(8), past(9, outcome="undone"), revision=2)).failed == frozenset()


@pytest.mark.parametrize("more", [-1, 0, 3])
def test_the_newest_plans_are_kept(tmp_path: Path, more: int) -> None:
    folders = Folders(tmp_path / "state", tmp_path / "keys")
    create_folders(folders)
    paths = [folders.plans / f"{number:03}" for number in range(KEPT_PLANS + more)]
    for age, path in enumerate(paths):
        path.touch()
        os.utime(path, (0, -age))
    prune_plans(folders)
    assert sorted(folders.plans.iterdir()) == paths[:KEPT_PLANS]
