"""The draft of a plan: everything that plans of all kinds share, and no phases yet."""

from mainstay.model import Release
from mainstay.model.run_kind import Kind
from mainstay.planning.facts import Snapshot
from mainstay.planning.plan import Plan
from mainstay.planning.staleness import identity, staleness_key


def draft(kind: Kind, release: Release, now: Snapshot) -> Plan:
    """Return a plan of *kind* to *release*, starting from the snapshot *now*, without phases."""
    key = staleness_key(release, now)
    return Plan(
        id=identity(kind, release, key),
        kind=kind,
        environment=now.environment,
        version=release.version,
        release=release,
        before=now.release.number if now.release else None,
        before_version=now.release.version if now.release else "",
        rollback="safe",
        staleness_key=key,
        phases=(),
    )
