"""The current schemas of the datastores, compared with those that a release was made for."""

from mainstay.planning.facts import Snapshot


def schemas_of(now: Snapshot) -> dict[str, str]:
    """Return the current schema revision of each datastore: as read, or from the history while it is stopped.

    A datastore that cannot be reached and has no history is left out.
    """
    return {name: s.schema.revision for name, s in now.datastores.items() if s.schema.reachable or s.schema.revision}


def schema_differs(now: Snapshot) -> bool:
    """Return whether a schema differs from the live release's: a run that was undone may have migrated it."""
    made_for = {name: store.schema for name, store in now.release.datastores.items()} if now.release else {}
    return any(made_for.get(name, revision) != revision for name, revision in schemas_of(now).items())


def pending(now: Snapshot, datastore: str) -> tuple[str, ...]:
    """Return the revisions of the pending migrations of *datastore*."""
    return now.datastores[datastore].schema.pending if datastore in now.datastores else ()
