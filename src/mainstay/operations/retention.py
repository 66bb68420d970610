"""Retention: which data of earlier releases is kept on disk, and which is removed after a release."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from mainstay.history.summary import History
from mainstay.model import Release
from mainstay.system import file_tree
from mainstay.system.state_dir import Folders

KEPT_RELEASES = 5
KEPT_JOBS = 100
KEPT_PLANS = 20


class Kept(msgspec.Struct, frozen=True):
    """What is kept: releases by number, with every revision and every artifact that they run."""

    releases: frozenset[int]
    revisions: frozenset[tuple[str, int]]
    artifacts: frozenset[str]


def kept(past: History) -> Kept:
    """Return the releases that were live last, including the live one, with the revisions and artifacts they run."""
    numbers = past.served[:KEPT_RELEASES]
    documents = [msgspec.json.decode(found, type=Release) for number in numbers if (found := past.document(number))]
    return Kept(
        releases=frozenset(numbers),
        revisions=frozenset(
            (name, service.revision) for release in documents for name, service in release.services.items()
        ),
        artifacts=frozenset(key for release in documents for key in _artifacts(release)),
    )


def prune(folders: Folders, stays: Kept) -> None:
    """Remove what no kept release needs. Call it only under the lock, when no run is unfinished. Idempotent."""
    for path in _children(folders.contents):
        if path.name.partition(".")[0] not in stays.artifacts:
            file_tree.remove(path)
    for path in _children(folders.releases):
        if path.name.isdigit() and int(path.name) not in stays.releases:
            shutil.rmtree(path)
    for service in (*_children(folders.logs), *_children(folders.written)):
        for path in (*_children(service), *_children(service / ".times")):
            if _is_left_behind(service.name, path.name, stays):
                file_tree.remove(path)
    for path in _oldest(folders.jobs, KEPT_JOBS):
        shutil.rmtree(path)
    for path in _oldest(folders.plans, KEPT_PLANS):
        path.unlink()


def _artifacts(release: Release) -> Iterator[str]:
    yield from (service.workload.artifact for service in release.services.values())
    yield from (store.migrations for store in release.datastores.values())


def _is_left_behind(service: str, name: str, stays: Kept) -> bool:
    """Return whether `SERVICE-RELEASE-NUMBER.…` is the log of a revision that no kept release runs."""
    revision = name.removeprefix(f"{service}-").partition("-")[0]
    # Datastores are skipped: a datastore keeps its revision as long as its settings, and releases list only services.
    known = {each for each, _ in stays.revisions}
    return service in known and revision.isdigit() and (service, int(revision)) not in stays.revisions


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _oldest(folder: Path, keep: int) -> list[Path]:
    return sorted(_children(folder), key=lambda path: path.lstat().st_mtime)[:-keep]
