"""Check the rules that concern several parts of a manifest at once. Each message names the parts that disagree."""

from collections.abc import Iterator
from functools import cache

from mainstay.manifest import credentials
from mainstay.manifest.datastore import DatastoreSection
from mainstay.manifest.edge_checks import edge_checks
from mainstay.manifest.messages import Violation
from mainstay.manifest.placeholders import placeholders
from mainstay.manifest.references import references
from mainstay.manifest.scalars import Argv
from mainstay.manifest.scope import Scope
from mainstay.manifest.system import MOST_SERVICES
from mainstay.manifest.variable import FIXED_DEFAULTS
from mainstay.manifest.yaml_tree import Location
from mainstay.model import DatastoreSupport
from mainstay.model.kinds import DATASTORES

SET_BY_MAINSTAY = ("HOST", "PORT")


def violations(scope: Scope) -> Iterator[Violation]:
    """Yield every violation of the rules that concern several sections of the manifest in *scope*."""
    for rule in (_names, _services, placeholders, _folders, _datastores, references, edge_checks, _clear_text):
        yield from rule(scope)


def _names(scope: Scope) -> Iterator[Violation]:
    if len(scope.services) > MOST_SERVICES:
        what = f"the manifest has {len(scope.services)} services; the limit is {MOST_SERVICES}"
        yield Violation(("services",), "too-many-services", what, "split it into systems", at_key=True)
    for name in sorted(scope.services & scope.datastores):
        what = f"'{name}' names both a service and a datastore"
        yield Violation(("datastores", name), "name-taken", what, "rename one of them", at_key=True)
    for name, variable in scope.system.variables.items():
        if name in FIXED_DEFAULTS and (variable.secret or variable.from_):
            what = f"{name} is part of every release in clear text: it can be neither a secret nor an address"
            yield Violation(("variables", name), "not-plain", what, f"write {name}: {{default: …}}", at_key=True)
        if name in SET_BY_MAINSTAY or name.startswith("MAINSTAY_"):
            what = f"{name} is set by Mainstay for every service"
            yield Violation(("variables", name), "name-taken", what, "give it another name", at_key=True)


def _folders(scope: Scope) -> Iterator[Violation]:
    is_folder = cache(lambda name: (scope.folder / name).is_dir())
    if scope.runs_source:
        for name, service in scope.system.services.items():
            source = service.source
            key, folder = ("git", source.git) if source.git else ("folder", source.folder)
            if not is_folder(folder):
                what = f"the source of {name}, {folder!r}, is not a folder"
                yield Violation(("services", name, "source", key), "no-folder", what, f"make it: mkdir -p {folder}")
    for name, datastore in scope.system.datastores.items():
        sql = datastore.migrations.sql if datastore.migrations else None
        if sql is not None and not is_folder(sql):
            what = f"the migrations of {name}, {sql!r}, are not a folder"
            yield Violation(("datastores", name, "migrations", "sql"), "no-folder", what, f"make it: mkdir -p {sql}")


def _datastores(scope: Scope) -> Iterator[Violation]:
    for name, datastore in scope.system.datastores.items():
        support = scope.support(datastore.kind)
        if support is None:
            what = f"kind {datastore.kind} does not work in this version"
            yield Violation(("datastores", name, "kind"), "not-yet", what, f"use {' or '.join(DATASTORES)}")
        else:
            yield from _unsupported(name, datastore, support)


def _unsupported(name: str, datastore: DatastoreSection, support: DatastoreSupport) -> Iterator[Violation]:
    known = support.versions
    if datastore.version is not None and known and datastore.version not in known:
        embedded = f"the embedded {datastore.kind.capitalize()} is {known[0]}"
        what = f"{name} asks for version {datastore.version}, but {embedded}"
        remedy = f'write version: "{known[0]}", or leave it out'
        yield Violation(("datastores", name, "version"), "unsupported-version", what, remedy)
    migrations = datastore.migrations
    where = ("datastores", name, "migrations")
    if migrations is not None and not support.migrations:
        yield Violation(where, "no-schema", f"{name} is a {datastore.kind}, which has no migrations", "leave it out")
    elif migrations is not None and ("run" if migrations.run else "sql") not in support.migrations:
        yield Violation(where, "not-yet", "migrations by another tool do not work yet", "write {sql: migrations/}")


def _services(scope: Scope) -> Iterator[Violation]:
    for name, service in scope.system.services.items():
        where = ("services", name)
        if scope.runs_source and scope.lacks(name, "command"):
            remedy = "add command: [PROGRAM, ARGUMENT]"
            yield Violation((*where, "command"), "no-command", f"{name} has nothing to run", remedy)
        probed = service.health.ready or service.health.live
        if probed and scope.lacks(name, "port"):
            what = f"the health check of {name} requests {probed}, but {name} has no port"
            yield Violation((*where, "health"), "no-address", what, "give it a port, or use health: {command: […]}")
        if service.overlap and service.port is not None:
            what = f"{name} has a port: 'overlap' is for workers"
            yield Violation((*where, "overlap"), "not-a-worker", what, "leave it out")
        if service.strategy.kind == "canary" and scope.lacks(name, "port"):
            what = f"{name} has no port, so it gets no traffic that a canary could split"
            yield Violation((*where, "strategy"), "not-served", what, "use rolling")
        image = (service.image or "x:1").rpartition("/")[2]
        if (":" not in image and "@" not in image) or image.endswith(":latest"):
            what = f"{service.image!r} has no fixed tag or digest, and a release must be repeatable"
            remedy = f"write {(service.image or '').removesuffix(':latest')}:{{version}}"
            yield Violation((*where, "image"), "image-not-fixed", what, remedy)


def _clear_text(scope: Scope) -> Iterator[Violation]:
    for name, variable in scope.system.variables.items():
        for text in filter(None, (variable.default, *variable.one_of)):
            if kind := credentials.in_variable(name, text):
                remedy = f"write {name}: {{secret: true}}, and store the value with mainstay secrets set {name}"
                yield Violation(("variables", name), "secret-in-clear", f"{name} looks like {kind}", remedy)
                break
    for name, service in scope.system.services.items():
        builds: list[tuple[Location, Argv]] = [(("build", i), argv) for i, argv in enumerate(service.build)]
        for where, argv in [(("command",), service.command), *builds]:
            for position, argument in enumerate(argv):
                if kind := credentials.in_value(argument):
                    remedy = "let the service read it from a variable with secret: true"
                    location = ("services", name, *where, position)
                    yield Violation(location, "secret-in-clear", f"an argument looks like {kind}", remedy)
