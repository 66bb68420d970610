"""The phase that fetches artifacts before anything else is touched."""

from collections.abc import Iterable, Iterator

from mainstay.model import Release
from mainstay.planning.facts import Snapshot
from mainstay.planning.plan import Phase, rank_of
from mainstay.steps.fetch_artifact import FetchArtifact


def fetch_phase(release: Release, services: Iterable[str], now: Snapshot, plan_id: str) -> Phase:
    """Return the phase that fetches artifacts of *services*, of pending migrations, and damaged ones of other services.

    An artifact that several of them share is fetched once.
    """
    users = _by_artifact(_new_artifacts(release, services, now))
    damaged = now.target.damaged - users.keys()
    users |= _by_artifact(
        (each.workload.artifact, name) for name, each in release.services.items() if each.workload.artifact in damaged
    )
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


def _new_artifacts(release: Release, services: Iterable[str], now: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield each artifact that the release brings, with the part that uses it."""
    for name in services:
        yield release.services[name].workload.artifact, name
    for name, store in release.datastores.items():
        if now.pending(name) and store.migrations:
            yield store.migrations, f"the migrations of {name}"


def _by_artifact(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {}
    for key, user in pairs:
        users.setdefault(key, []).append(user)
    return users
