"""The environment: what the manifest says about one place."""

import msgspec


class DatastorePlace(msgspec.Struct, frozen=True):
    """How a datastore is reached and driven, as the environment keeps it."""

    name: str
    kind: str
    provided: str
    """`embedded`, or `url`."""


class Environment(msgspec.Struct, frozen=True):
    """What the manifest says about one place, resolved: enough for every command but those that plan."""

    system: str
    name: str
    target: str
    state: str
    keys: str
    user: str = ""
    """System user of the services; empty: the one that runs Mainstay."""
    datastore_user: str = ""
    datastores: tuple[DatastorePlace, ...] = ()
    manifest: str = ""
    """Where the manifest lay when this was made."""
