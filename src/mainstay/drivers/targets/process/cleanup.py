"""Remove files of an environment: those that no kept release needs, or all of them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from mainstay.drivers.targets.preparation import Presence
from mainstay.drivers.targets.process.host import Host
from mainstay.drivers.targets.retained import Retained
from mainstay.system import sealed_tree
from mainstay.system.atomic_file import move
from mainstay.system.folder_content import children, oldest
from mainstay.system.state_dir import Folders
from mainstay.system.users import known, removal

KEPT_JOBS = 100
"""Number of the newest jobs whose folders, with their output and exit code, are kept."""


def prune(folders: Folders, kept: Retained) -> None:
    """Remove the artifacts, release folders, logs and written files that *kept* does not cover.

    Also remove the folders of all jobs but the newest KEPT_JOBS.
    """
    for path in children(folders.contents):
        if path.name.partition(".")[0] not in kept.artifacts:
            sealed_tree.remove(path)
    for path in children(folders.releases):
        if path.name.isdigit() and int(path.name) not in kept.releases:
            shutil.rmtree(path)
    for folder, revisions in ((folders.logs, kept.logs), (folders.written, kept.revisions)):
        for service in children(folder):
            for path in (*children(service), *children(service / ".times")):
                if _is_left_behind(service.name, path.name, revisions):
                    sealed_tree.remove(path)
    for path in oldest(folders.jobs, KEPT_JOBS):
        shutil.rmtree(path)


def remove(host: Host) -> int:
    """Remove the environment's data, releases, artifacts and logs, and its system users.

    Return how many of the folders and files in `_everything` existed.
    """
    everything = _everything(host.folders)
    count = sum(path.exists() for path in everything)
    # Each path is renamed before it is removed, so that an interruption never leaves half of it under its name.
    for path in everything:
        gone = _renamed(path)
        sealed_tree.remove(gone)
        if path.exists():
            move(path, gone)
            sealed_tree.remove(gone)
    for user in _users(host):
        host.shell(removal(user))
    return count


def data_left(host: Host) -> Presence:
    """Return how much of what `remove` removes is left; `partial`: a removal was interrupted."""
    everything = _everything(host.folders)
    if any(path.exists() for path in everything):
        return "present"
    return "partial" if any(_renamed(path).exists() for path in everything) or any(_users(host)) else "absent"


def _is_left_behind(service: str, name: str, kept: frozenset[tuple[str, int]]) -> bool:
    """Return whether the file *name*, `SERVICE-RELEASE-NUMBER.…`, is of a revision of *service* not in *kept*."""
    revision = name.removeprefix(f"{service}-").partition("-")[0]
    # Datastores are skipped: a datastore keeps its revision as long as its settings, and releases list only services.
    known = {each for each, _ in kept}
    return service in known and revision.isdigit() and (service, int(revision)) not in kept


def _renamed(path: Path) -> Path:
    return path.with_name(f"{path.name}.removed")


def _users(host: Host) -> Iterator[str]:
    """Yield the system users that were added for this environment and still exist."""
    yield from (user for user in (host.environment.user, host.environment.datastore_user) if user and known(user))


def _everything(folders: Folders) -> tuple[Path, ...]:
    return (
        folders.desired,
        folders.data,
        folders.volumes,
        folders.written,
        folders.releases,
        folders.contents,
        folders.instances,
        folders.jobs,
        folders.logs,
        folders.homes,
        folders.edge,
        folders.programs,
    )
