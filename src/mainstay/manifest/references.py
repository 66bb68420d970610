"""Check the names that refer to another part of the manifest: each must be declared, and suitable for its use."""

from collections.abc import Iterator
from urllib.parse import unquote

from mainstay.manifest.messages import Violation, did_you_mean
from mainstay.manifest.scope import Scope
from mainstay.model.call_graph import circle


def references(scope: Scope) -> Iterator[Violation]:
    """Yield a violation for each unknown name, service without the needed port, duplicate, and circle of needs."""
    for rule in (_needs, _reads, _sources, _routes):
        yield from rule(scope)


def _needs(scope: Scope) -> Iterator[Violation]:
    known = scope.services | scope.datastores
    links: dict[str, list[str]] = {}
    for name, service in scope.system.services.items():
        links[name] = [needed for needed in service.needs if needed in scope.services and needed != name]
        for position, needed in enumerate(service.needs):
            where = ("services", name, "needs", position)
            if needed == name:
                yield Violation(where, "needs-itself", f"{name} needs itself", "leave it out")
            elif needed not in known:
                what = f"{name} needs {needed}, which is not in the manifest"
                yield Violation(where, "unknown-need", what, did_you_mean(needed, known))
    if path := circle(links):
        what = f"services need each other in a circle: {' → '.join(path)}"
        yield Violation(("services", path[0], "needs"), "circle", what, "leave one of these needs out")


def _reads(scope: Scope) -> Iterator[Violation]:
    for name, service in scope.system.services.items():
        seen: set[str] = set()
        for position, variable in enumerate(service.variables):
            where = ("services", name, "variables", position)
            if variable not in scope.variables:
                what = f"{name} reads {variable}, which 'variables' does not declare"
                yield Violation(where, "unknown-variable", what, did_you_mean(variable, scope.variables))
            if variable in seen:
                yield Violation(where, "given-twice", f"{name} reads {variable} twice", "keep one")
            seen.add(variable)


def _sources(scope: Scope) -> Iterator[Violation]:
    known = scope.services | scope.datastores
    for name, variable in scope.system.variables.items():
        where = ("variables", name, "from")
        if variable.from_ is None:
            continue
        service = scope.system.services.get(variable.from_)
        if variable.from_ not in known:
            what = f"{name} is from {variable.from_}, which is not in the manifest"
            yield Violation(where, "unknown-source", what, did_you_mean(variable.from_, known))
        elif service and scope.lacks(variable.from_, "port"):
            what = f"{name} is from {variable.from_}, which has no port, so it has no address"
            yield Violation(where, "no-address", what, f"give {variable.from_} a port")


def _routes(scope: Scope) -> Iterator[Violation]:
    seen: dict[tuple[str, ...], int] = {}
    for position, route in enumerate(scope.routes):
        if not isinstance(route, dict):
            continue
        where = ("edge", "routes", position)
        path, name = route.get("path"), str(route.get("service"))
        service = scope.system.services.get(name)
        if "service" in route and name not in scope.services:
            what = f"the route {path!r} leads to {name!r}, which is not a service"
            yield Violation((*where, "service"), "unknown-service", what, did_you_mean(name, scope.services))
        elif service and scope.lacks(name, "port"):
            what = f"the route {path!r} leads to {name!r}, which has no port"
            yield Violation((*where, "service"), "no-address", what, f"give {name} a port")
        host = str(route.get("host") or "*").lower()
        door = host, str(route.get("listen")), unquote(str(path)).rstrip("/")
        if door in seen:
            what = f"routes {seen[door] + 1} and {position + 1} have the same path {path}"
            yield Violation(("edge", "routes", seen[door]), "given-twice", what, "keep one")
            yield Violation(where, "given-twice", what, "keep one")
        seen.setdefault(door, position)
