"""The support for one kind of datastore, which the manifest is checked against."""

import msgspec


class DatastoreSupport(msgspec.Struct, frozen=True):
    """What the driver of one kind of datastore can run."""

    versions: tuple[str, ...] = ()
    """Major versions of the server, the default first; empty: unknown, so any is accepted."""
    migrations: tuple[str, ...] = ()
    """Accepted forms of `migrations`: `sql`, a folder of files; `run`, another tool's commands. Empty: none."""
