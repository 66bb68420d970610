"""The parts of one manifest that the rules across sections check, and the names that it declares."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from mainstay.manifest.system import SystemSection
from mainstay.manifest.yaml_tree import Location
from mainstay.model import DatastoreSupport
from mainstay.model.kinds import TARGETS

Support = Callable[[str], DatastoreSupport | None]
"""A function that returns what the driver of a kind of datastore can run; None for a kind that has no driver yet.

The callers of this package pass it in, because this package may not import drivers.
"""


def any_support(kind: str) -> DatastoreSupport:
    """Return support for every version and form of migrations of *kind*, without consulting a driver."""
    return DatastoreSupport(migrations=("sql", "run"))


class Scope(NamedTuple):
    """The valid parts of a system, and all declared names, including those of parts that were removed as invalid."""

    system: SystemSection
    services: frozenset[str]
    datastores: frozenset[str]
    variables: frozenset[str]
    routes: tuple[object, ...]
    """The routes as they are in the file, not validated."""
    folder: Path
    target: str
    support: Support
    doubtful: frozenset[Location]
    """The locations of invalid keys, and of the parts with an unknown key, because that may be another key misspelt."""

    @property
    def runs_source(self) -> bool:
        """Whether the target runs services from source trees, so that each needs a folder and a command."""
        return TARGETS.get(self.target) == "source"

    def lacks(self, service: str, key: str) -> bool:
        """Return whether *service* has no *key*; False also if the file has that key with an invalid value."""
        where = ("services", service)
        is_written = {where, (*where, key)} & self.doubtful
        return not getattr(self.system.services[service], key) and not is_written


def scope_of(
    system: SystemSection,
    data: dict[str, Any],
    path: Path,
    target: str,
    support: Support,
    doubtful: Iterable[Location],
) -> Scope:
    """Return the scope of *system*, the valid part of *data*. *path* is the manifest, *doubtful* its invalid keys."""
    services, datastores, variables, edge = (
        part if isinstance(part := data.get(key), dict) else {}
        for key in ("services", "datastores", "variables", "edge")
    )
    names = frozenset(services), frozenset(datastores), frozenset(variables)
    routes = edge.get("routes")
    folder = path.resolve().parent
    return Scope(
        system, *names, routes if isinstance(routes, tuple) else (), folder, target, support, frozenset(doubtful)
    )
