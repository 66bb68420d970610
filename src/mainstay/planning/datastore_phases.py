"""The steps that start datastores, and the phase that migrates them."""

from collections.abc import Iterator

from mainstay.model import Member, Release
from mainstay.planning.facts import Snapshot
from mainstay.planning.plan import Phase
from mainstay.planning.schemas import pending
from mainstay.steps.migrate import Migrate
from mainstay.steps.start_datastore import StartDatastore


def start_datastores(release: Release, now: Snapshot, plan_id: str) -> Iterator[StartDatastore]:
    """Yield the steps for the datastores that Mainstay runs and that differ from their desired state."""
    for name, store in release.datastores.items():
        before = now.running.wanted.get(name, {})
        after = {store.revision: Member(store.workload, 1, store.version)} if store.workload else {}
        if after and before != after:
            yield StartDatastore(name=name, before=before, after=after, job=f"{plan_id}-{name}")


def migrate_phase(release: Release, now: Snapshot, plan_id: str) -> Phase:
    """Return the phase that runs the pending migrations, one datastore after the other."""
    steps = (
        Migrate(
            name=name,
            migrations=store.migrations,
            pending=pending(now, name),
            before=now.datastores[name].schema.revision,
            after=store.schema,
            job=f"{plan_id}-migrate-{name}",
        )
        for name, store in release.datastores.items()
        if store.migrations and pending(now, name)
    )
    return Phase("migrate", tuple((step,) for step in steps))
