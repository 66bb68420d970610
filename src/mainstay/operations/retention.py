"""Decide which releases the target keeps when it removes old ones, and remove old plans."""

from collections.abc import Iterator

import msgspec

from mainstay.drivers.targets.retained import Retained
from mainstay.history.summary import History
from mainstay.model import Release
from mainstay.system.folder_content import oldest
from mainstay.system.state_dir import Folders

KEPT_RELEASES = 5
KEPT_PLANS = 20


def kept(past: History) -> Retained:
    """Return the `KEPT_RELEASES` releases that were live most recently, with their revisions and artifacts."""
    numbers = past.served[:KEPT_RELEASES]
    documents = [msgspec.json.decode(found, type=Release) for number in numbers if (found := past.document(number))]
    services = [each for release in documents for each in release.services.items()]
    revisions = frozenset((name, service.revision) for name, service in services)
    artifacts = frozenset(key for release in documents for key in _artifacts(release))
    return Retained(frozenset(numbers), revisions, artifacts)


def prune_plans(folders: Folders) -> None:
    """Remove all stored plans but the `KEPT_PLANS` newest."""
    for path in oldest(folders.plans, KEPT_PLANS):
        path.unlink()


def _artifacts(release: Release) -> Iterator[str]:
    yield from (service.workload.artifact for service in release.services.values())
    yield from (store.migrations for store in release.datastores.values())
