"""One environment of the manifest, resolved, and the rule for the names in it."""

import re

import msgspec

NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""The pattern for the name of a system, an environment, a service, a datastore or a volume."""

NAME_RULE = "use a-z, 0-9 and '-', start with a letter, end with a letter or digit, at most 63 characters"


class DatastorePlace(msgspec.Struct, frozen=True):
    """One datastore of an environment: its name and its kind."""

    name: str
    kind: str


class Environment(msgspec.Struct, frozen=True):
    """One environment of the manifest, resolved. A command that makes no plan needs only this of the manifest."""

    system: str
    name: str
    target: str
    """The kind of its target, such as `process`."""
    state: str
    """Path of the folder with its state: journal, releases, data."""
    keys: str
    """Path of the folder with its keys."""
    user: str = ""
    """System user of the services; empty: the user that runs Mainstay."""
    datastore_user: str = ""
    datastores: tuple[DatastorePlace, ...] = ()
    manifest: str = ""
    """Path of the manifest from which the environment was resolved."""
