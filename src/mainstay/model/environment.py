"""One environment of the manifest, resolved."""

import msgspec


class DatastorePlace(msgspec.Struct, frozen=True):
    """One datastore of an environment: its name and its kind."""

    name: str
    kind: str


class Environment(msgspec.Struct, frozen=True):
    """One environment of the manifest, resolved. All commands but those that plan need nothing else."""

    system: str
    name: str
    target: str
    state: str
    keys: str
    user: str = ""
    """System user of the services; empty: the user that runs Mainstay."""
    datastore_user: str = ""
    datastores: tuple[DatastorePlace, ...] = ()
    manifest: str = ""
    """Path of the manifest from which this was made."""
