"""The phase that fetches artifacts, before a run changes anything else."""

from collections import defaultdict
from collections.abc import Iterable

from mainstay.model import Release
from mainstay.planning.facts import Snapshot
from mainstay.planning.plan import Phase, rank_of
from mainstay.steps.fetch_artifact import FetchArtifact


def fetch_phase(release: Release, services: Iterable[str], now: Snapshot, plan_id: str) -> Phase:
    """Return the phase that fetches the artifacts of *services* and of pending migrations, each artifact once.

    It also repairs damaged artifacts of the other services of *release*. *plan_id* is the prefix of its job ids.
    """
    users: defaultdict[str, list[str]] = defaultdict(list)
    for name in services:
        users[release.services[name].workload.artifact].append(name)
    for name, store in release.datastores.items():
        if now.pending(name) and store.migrations:
            users[store.migrations].append(f"the migrations of {name}")
    damaged = now.target.damaged - users.keys()
    for name, each in release.services.items():
        if each.workload.artifact in damaged:
            users[each.workload.artifact].append(name)
    return Phase(
        "fetch",
        rank_of(
            FetchArtifact(
                artifact=release.artifacts[key],
                what=tuple(names),
                job=f"{plan_id}-build-{key[:8]}",
                kept=key in now.target.prepared,
                repairs=key in damaged,
            )
            for key, names in users.items()
            if key in release.artifacts
        ),
    )
