"""The kinds of targets and datastores that a manifest may name. A new driver needs one file or folder, and a line here.

The driver of a kind is `DRIVER` in `mainstay.drivers.targets.KIND` or `mainstay.drivers.datastores.KIND`.
"""

from typing import Literal

import msgspec

TARGETS: dict[str, Literal["source", "image"]] = {
    "process": "source",
}
"""The targets that have a driver, each with the artifacts that it runs: `source`, copied source trees, or `image`."""

DATASTORES = ("postgres",)
"""The datastores that have a driver."""

TARGETS_NOT_YET = ("docker", "kubernetes")
"""Targets planned for later versions: a manifest that names one gets an error that states this."""

DATASTORES_NOT_YET = ("mongodb", "rabbitmq", "redis", "files")
"""Datastores planned for later versions: a manifest that names one gets an error that states this."""


class DatastoreSupport(msgspec.Struct, frozen=True):
    """What the driver of one kind of datastore can run."""

    versions: tuple[str, ...] = ()
    """Major versions of the server, the default first; empty: unknown, so any is accepted."""
    migrations: tuple[str, ...] = ()
    """Accepted forms of `migrations`: `sql`, a folder of files; `run`, another tool's commands. Empty: none."""
