"""Retention: what of earlier releases is kept on disk, and what is taken away after a release."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from mainstay.history.summary import Record
from mainstay.model import Release
from mainstay.system import file_tree
from mainstay.system.state_dir import Folders

KEPT_RELEASES = 5
KEPT_JOBS = 100
KEPT_PLANS = 20


class Kept(msgspec.Struct, frozen=True):
    """What stays: releases by number, with every revision and every content that they run."""

    releases: frozenset[int]
    revisions: frozenset[tuple[str, int]]
    contents: frozenset[str]


def kept(past: Record) -> Kept:
    """The last releases that served, the one that serves first of all; what they carry on counts as theirs."""
    numbers = past.served[:KEPT_RELEASES]
    documents = [msgspec.json.decode(found, type=Release) for number in numbers if (found := past.document(number))]
    return Kept(
        releases=frozenset(numbers),
        revisions=frozenset(
            (name, service.revision) for release in documents for name, service in release.services.items()
        ),
        contents=frozenset(key for release in documents for key in _contents(release)),
    )


def prune(folders: Folders, stays: Kept) -> None:
    """Take away what no kept release needs. Only under the lock, when no run is unfinished; harmless to repeat."""
    for path in _children(folders.contents):
        if path.name.partition(".")[0] not in stays.contents:
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


def _contents(release: Release) -> Iterator[str]:
    yield from (service.spec.content for service in release.services.values())
    yield from (store.migrations for store in release.datastores.values())


def _is_left_behind(service: str, name: str, stays: Kept) -> bool:
    """Whether `SERVICE-RELEASE-NUMBER.…` is the log of a revision that no kept release runs."""
    revision = name.removeprefix(f"{service}-").partition("-")[0]
    # A datastore's revision stays for as long as its settings do, which no list of services tells.
    known = {each for each, _ in stays.revisions}
    return service in known and revision.isdigit() and (service, int(revision)) not in stays.revisions


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _oldest(folder: Path, keep: int) -> list[Path]:
    return sorted(_children(folder), key=lambda path: path.lstat().st_mtime)[:-keep]
