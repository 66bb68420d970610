"""The facts about a datastore that a plan depends on."""

import msgspec

from mainstay.drivers.datastores.datastore import Addressable, Datastore, Migratable, Provisioned, Schema
from mainstay.errors import Unreachable
from mainstay.model import FleetStatus, Template, TrafficStatus, Workload


class DatastoreFacts(msgspec.Struct, frozen=True):
    """A datastore as its driver reports it, and its schema compared with the migrations of the manifest."""

    kind: str
    version: str
    workload: Workload | None
    """The workload with which Mainstay runs the datastore; None: it runs elsewhere."""
    address: Template | None
    """The value of a variable `{from: NAME}`; None: services cannot connect to the datastore."""
    schema: Schema


def datastore_facts(
    store: Datastore, migrations: str | None, running: FleetStatus, serving: TrafficStatus, known: str
) -> DatastoreFacts:
    """Return the facts about *store*, and its schema compared with the SQL files in the folder *migrations*, if any.

    *running* and *serving* show whether it is ready, and at which address. While it cannot be reached, its schema
    revision is *known*, the last one in the history.
    """
    ready = any(one.service == store.name and one.state == "ready" for one in running.instances)
    listener = serving.listeners.get(store.name, "") if ready else ""
    return DatastoreFacts(
        kind=store.kind,
        version=store.version(),
        workload=store.workload() if isinstance(store, Provisioned) else None,
        address=store.address() if isinstance(store, Addressable) else None,
        schema=_schema(store, migrations, listener, known) if isinstance(store, Migratable) else Schema(),
    )


def _schema(store: Migratable, migrations: str | None, listener: str, known: str) -> Schema:
    try:
        schema = store.schema(migrations, listener)
    except Unreachable:
        schema = store.schema(migrations, "")
    if schema.reachable:
        return schema
    # The driver of an unreachable datastore reports every migration as pending.
    pending = tuple(each for each in schema.pending if each > known)
    return msgspec.structs.replace(schema, revision=known, pending=pending)
