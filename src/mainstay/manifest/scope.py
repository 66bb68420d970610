"""What the rules across sections check."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from mainstay.manifest.system import SystemSection
from mainstay.manifest.yaml_tree import Location
from mainstay.model import DatastoreSupport
from mainstay.model.kinds import TARGETS

Support = Callable[[str], DatastoreSupport | None]
"""Returns what the driver of a kind of datastore can run; None: the kind has no driver yet.

Passed in by the caller, because this package imports no driver.
"""


def any_support(kind: str) -> DatastoreSupport:
    """Return a support that accepts everything, without consulting a driver."""
    return DatastoreSupport(migrations=("sql", "run"))


class Scope(NamedTuple):
    """What the rules check: the system, and every declared name, including those of parts that have a mistake."""

    system: SystemSection
    services: frozenset[str]
    datastores: frozenset[str]
    variables: frozenset[str]
    routes: tuple[object, ...]
    """Routes as they were written."""
    folder: Path
    target: str
    support: Support
    doubtful: frozenset[Location]
    """Service keys that are present but invalid, and services with an unknown key."""

    @property
    def runs_source(self) -> bool:
        """Return whether the target runs services from source trees, so that each needs a folder and a command."""
        return TARGETS.get(self.target) == "source"

    def lacks(self, service: str, key: str) -> bool:
        """Return whether *service* certainly does not have *key*; False when a mistake in it leaves that open."""
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
    """Return the scope of *system*, which *data* declares; *doubtful* are its invalid keys."""
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
