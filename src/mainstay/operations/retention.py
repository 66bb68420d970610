"""Decide which releases the target keeps when it removes old ones, and remove old plans."""

from collections.abc import Iterable, Iterator

import msgspec

from mainstay.drivers.targets.retained import Retained
from mainstay.history.summary import History
from mainstay.model import Release
from mainstay.model.run_kind import run_kind
from mainstay.system.folder_content import oldest
from mainstay.system.state_dir import Folders

KEPT_RELEASES = 5
KEPT_PLANS = 20


def kept(past: History) -> Retained:
    """Return the `KEPT_RELEASES` releases that were live most recently, with their revisions and artifacts.

    Of as many of the newest releases that failed, the revisions that they introduced are in `failed`.
    """
    numbers = past.served[:KEPT_RELEASES]
    documents = list(_documents(past, numbers))
    services = [each for release in documents for each in release.services.items()]
    revisions = frozenset((name, service.revision) for name, service in services)
    artifacts = frozenset(key for release in documents for key in _artifacts(release))
    undone = [run.release for run in past.runs if run.outcome == "undone" and run_kind(run.kind).live == "new"]
    failed = _documents(past, undone[:KEPT_RELEASES])
    logged = ((name, each.number) for each in failed for name in each.brought)
    return Retained(frozenset(numbers), revisions, artifacts, frozenset(logged))


def prune_plans(folders: Folders) -> None:
    """Remove all stored plans but the `KEPT_PLANS` newest."""
    for path in oldest(folders.plans, KEPT_PLANS):
        path.unlink()


def _documents(past: History, numbers: Iterable[int]) -> Iterator[Release]:
    """Yield the releases of *numbers* that a plan in *past* made."""
    found = map(past.document, numbers)
    yield from (msgspec.json.decode(each, type=Release) for each in found if each)


def _artifacts(release: Release) -> Iterator[str]:
    yield from (service.workload.artifact for service in release.services.values())
    yield from (store.migrations for store in release.datastores.values())
