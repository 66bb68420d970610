"""Rules that span several parts of a manifest. Each message names both sides."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from mainstay.manifest import credentials
from mainstay.manifest.datastore import KINDS, DatastoreSection
from mainstay.manifest.messages import Wrong, did_you_mean
from mainstay.manifest.placeholders import placeholders
from mainstay.manifest.scalars import Argv
from mainstay.manifest.system import MOST_SERVICES, SystemSection
from mainstay.manifest.variable import FIXED_DEFAULTS
from mainstay.manifest.yaml_tree import Location
from mainstay.model import DatastoreSupport
from mainstay.model.call_graph import circle

TOLD_BY_MAINSTAY = ("HOST", "PORT")

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
    routes: tuple[tuple[int, dict[str, object]], ...]
    """Routes as they were written, each with its position."""
    folder: Path
    target: str
    support: Support = any_support
    doubtful: frozenset[Location] = frozenset()
    """Service keys that are present but invalid, and services with an unknown key."""

    def lacks(self, service: str, key: str) -> bool:
        """Return whether *service* certainly does not have *key*; False when a mistake in it leaves that open."""
        where = ("services", service)
        written = {where, (*where, key)} & self.doubtful
        return not getattr(self.system.services[service], key) and not written


def broken(scope: Scope) -> Iterator[Wrong]:
    """Yield every violation of a rule."""
    for rule in (
        _amounts,
        _names,
        _commands,
        _placeholders,
        _folders,
        _datastores,
        _needs,
        _reads,
        _sources,
        _health,
        _images,
        _routes,
        _clear_text,
    ):
        yield from rule(scope)


def _amounts(scope: Scope) -> Iterator[Wrong]:
    if len(scope.services) > MOST_SERVICES:
        what = f"the manifest has {len(scope.services)} services, the limit is {MOST_SERVICES}"
        yield Wrong(("services",), "too-many-services", what, "split it into systems", at_key=True)


def _names(scope: Scope) -> Iterator[Wrong]:
    for name in sorted(scope.services & scope.datastores):
        what = f"'{name}' is a service and a datastore"
        yield Wrong(("datastores", name), "name-taken", what, "rename one of them", at_key=True)
    for name, variable in scope.system.variables.items():
        if name in FIXED_DEFAULTS and (variable.secret or variable.from_):
            what = f"{name} is part of every release in clear, so it is neither secret nor an address"
            yield Wrong(("variables", name), "not-plain", what, f"write {name}: {{default: …}}", at_key=True)
        if name in TOLD_BY_MAINSTAY or name.startswith("MAINSTAY_"):
            what = f"{name} is set by Mainstay for every service"
            yield Wrong(("variables", name), "name-taken", what, "give it another name", at_key=True)


def _commands(scope: Scope) -> Iterator[Wrong]:
    for name in scope.system.services:
        if scope.target == "process" and scope.lacks(name, "command"):
            remedy = "add command: [PROGRAM, ARGUMENT]"
            yield Wrong(("services", name, "command"), "no-command", f"{name} has nothing to run", remedy)


def _placeholders(scope: Scope) -> Iterator[Wrong]:
    yield from placeholders(scope.system, scope.lacks)


def _folders(scope: Scope) -> Iterator[Wrong]:
    if scope.target == "process":
        for name, service in scope.system.services.items():
            source = service.source
            key, folder = ("git", source.git) if source.git else ("folder", source.folder)
            if not (scope.folder / folder).is_dir():
                what = f"the source of {name}, {folder!r}, is not a folder"
                yield Wrong(("services", name, "source", key), "no-folder", what, f"make it: mkdir -p {folder}")
    for name, datastore in scope.system.datastores.items():
        sql = datastore.migrations.sql if datastore.migrations else None
        if sql is not None and not (scope.folder / sql).is_dir():
            what = f"the migrations of {name}, {sql!r}, are not a folder"
            yield Wrong(("datastores", name, "migrations", "sql"), "no-folder", what, f"make it: mkdir -p {sql}")


def _datastores(scope: Scope) -> Iterator[Wrong]:
    for name, datastore in scope.system.datastores.items():
        support = scope.support(datastore.kind)
        if support is None:
            working = " or ".join(kind for kind in KINDS if scope.support(kind))
            what = f"kind {datastore.kind} does not work in this version"
            yield Wrong(("datastores", name, "kind"), "not-yet", what, f"use {working}")
        else:
            yield from _unsupported(name, datastore, support)


def _unsupported(name: str, datastore: DatastoreSection, support: DatastoreSupport) -> Iterator[Wrong]:
    known = support.versions
    if datastore.version is not None and known and datastore.version not in known:
        embedded = f"the embedded {datastore.kind.capitalize()} is {known[0]}"
        what = f"{name} asks for version {datastore.version}, but {embedded}"
        remedy = f'write version: "{known[0]}", or leave it out'
        yield Wrong(("datastores", name, "version"), "unsupported-version", what, remedy)
    migrations = datastore.migrations
    where = ("datastores", name, "migrations")
    if migrations is not None and not support.migrations:
        yield Wrong(where, "no-schema", f"{name} is a {datastore.kind}, which has no migrations", "leave it out")
    elif migrations is not None and ("run" if migrations.run else "sql") not in support.migrations:
        yield Wrong(where, "not-yet", "migrations by another tool do not work yet", "write {sql: migrations/}")


def _needs(scope: Scope) -> Iterator[Wrong]:
    known = scope.services | scope.datastores
    links: dict[str, list[str]] = {}
    for name, service in scope.system.services.items():
        links[name] = [needed for needed in service.needs if needed in scope.services and needed != name]
        for position, needed in enumerate(service.needs):
            where = ("services", name, "needs", position)
            if needed == name:
                yield Wrong(where, "needs-itself", f"{name} needs itself", "leave it out")
            elif needed not in known:
                what = f"{name} needs {needed}, which is not in the manifest"
                yield Wrong(where, "unknown-need", what, did_you_mean(needed, known))
    if path := circle(links):
        what = f"services need each other in a circle: {' → '.join(path)}"
        yield Wrong(("services", path[0], "needs"), "circle", what, "leave one of these needs out")


def _reads(scope: Scope) -> Iterator[Wrong]:
    for name, service in scope.system.services.items():
        seen: set[str] = set()
        for position, variable in enumerate(service.variables):
            where = ("services", name, "variables", position)
            if variable not in scope.variables:
                what = f"{name} reads {variable}, which 'variables' does not declare"
                yield Wrong(where, "unknown-variable", what, did_you_mean(variable, scope.variables))
            if variable in seen:
                yield Wrong(where, "given-twice", f"{name} reads {variable} twice", "keep one")
            seen.add(variable)


def _sources(scope: Scope) -> Iterator[Wrong]:
    known = scope.services | scope.datastores
    for name, variable in scope.system.variables.items():
        where = ("variables", name, "from")
        if variable.from_ is None:
            continue
        service = scope.system.services.get(variable.from_)
        if variable.from_ not in known:
            what = f"{name} is from {variable.from_}, which is not in the manifest"
            yield Wrong(where, "unknown-source", what, did_you_mean(variable.from_, known))
        elif service and scope.lacks(variable.from_, "port"):
            what = f"{name} is from {variable.from_}, which has no port, so it has no address"
            yield Wrong(where, "no-address", what, f"give {variable.from_} a port")


def _health(scope: Scope) -> Iterator[Wrong]:
    for name, service in scope.system.services.items():
        where = ("services", name)
        asked = service.health.ready or service.health.live
        if asked and scope.lacks(name, "port"):
            what = f"the health check of {name} requests {asked}, but {name} has no port"
            yield Wrong((*where, "health"), "no-address", what, "give it a port, or use health: {command: […]}")
        if service.overlap and service.port is not None:
            what = f"{name} has a port: 'overlap' is for workers"
            yield Wrong((*where, "overlap"), "not-a-worker", what, "leave it out")
        if service.strategy.kind == "canary" and scope.lacks(name, "port"):
            what = f"{name} has no port, so it gets no traffic that a canary could split"
            yield Wrong((*where, "strategy"), "not-served", what, "use rolling")


def _images(scope: Scope) -> Iterator[Wrong]:
    for name, service in scope.system.services.items():
        image = (service.image or "x:1").rpartition("/")[2]
        if (":" not in image and "@" not in image) or image.endswith(":latest"):
            what = f"{service.image!r} has no fixed tag or digest, and a release must be repeatable"
            yield Wrong(("services", name, "image"), "image-not-fixed", what, f"write {name}:{{version}}")


def _routes(scope: Scope) -> Iterator[Wrong]:
    seen: dict[tuple[str, ...], int] = {}
    for position, route in scope.routes:
        where = ("edge", "routes", position)
        path, name = route.get("path"), str(route.get("service"))
        service = scope.system.services.get(name)
        if "service" in route and name not in scope.services:
            what = f"the route {path} leads to {name}, which is not a service"
            yield Wrong((*where, "service"), "unknown-service", what, did_you_mean(name, scope.services))
        elif service and scope.lacks(name, "port"):
            what = f"the route {path} leads to {name}, which has no port"
            yield Wrong((*where, "service"), "no-address", what, f"give {name} a port")
        door = tuple(str(route.get(key)) for key in ("host", "listen", "path"))
        if door in seen:
            what = f"routes {seen[door] + 1} and {position + 1} have the same path {path}"
            yield Wrong(where, "given-twice", what, "keep one")
        seen.setdefault(door, position)


def _clear_text(scope: Scope) -> Iterator[Wrong]:
    for name, variable in scope.system.variables.items():
        for text in filter(None, (variable.default, *variable.one_of)):
            if kind := credentials.in_variable(name, text):
                remedy = f"write {name}: {{secret: true}}; its value is not shown"
                yield Wrong(("variables", name), "secret-in-clear", f"{name} holds {kind}", remedy)
                break
    for name, service in scope.system.services.items():
        builds: list[tuple[Location, Argv]] = [(("build", i), argv) for i, argv in enumerate(service.build)]
        for where, argv in [(("command",), service.command), *builds]:
            for position, argument in enumerate(argv):
                if kind := credentials.in_value(argument):
                    remedy = "let the service read it from a variable with secret: true; it is not shown"
                    location = ("services", name, *where, position)
                    yield Wrong(location, "secret-in-clear", f"an argument holds {kind}", remedy)
