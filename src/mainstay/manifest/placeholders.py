"""Check placeholders: each must be known and have a value where it is used; `{volume:NAME}` must name a volume."""

from collections.abc import Iterator

from mainstay.manifest.messages import Violation, did_you_mean
from mainstay.manifest.scope import Scope
from mainstay.manifest.service import ServiceSection
from mainstay.manifest.yaml_tree import Location
from mainstay.model.placeholders import ADDRESS, BY_NAME, PLACEHOLDERS, VOLUME, PlaceholderUse, Where, found_in

_WRITTEN = {each.name: each.written for each in PLACEHOLDERS}
_REASONS: dict[Where, tuple[str, str]] = {
    "build": ("a build runs once for all instances and releases", "use it in 'command'"),
    "variables": ("a variable has one value for all services", "use it in 'command', or let the service read {name}"),
    "health.file": ("a file has one name for all instances", "write the path"),
    "source.ref": ("a tag depends on the version only", "use {version}"),
    "image": ("an image depends on the version only", "use {version}"),
}


def placeholders(scope: Scope) -> Iterator[Violation]:
    """Yield a violation for each placeholder in *scope* that is unknown or has no value where it is used."""
    system = scope.system
    for name, service in system.services.items():
        volumes = {volume.name for volume in service.volumes}
        for where, location, text in _texts(service):
            for found in _names(text):
                at = ("services", name, *location)
                yield from _unknown(found, at) or _misplaced(found, where, at) or _absent(found, name, scope, at)
                yield from _no_volume(found, name, volumes, at)
    for name, variable in system.variables.items():
        at = ("variables", name)
        for found in _names(variable.default or ""):
            yield from _unknown(found, at) or _misplaced(found, "variables", at)
            for reader, service in system.services.items():
                if name in service.variables:
                    yield from _no_volume(found, reader, {volume.name for volume in service.volumes}, at)


def _texts(service: ServiceSection) -> Iterator[tuple[Where, Location, str]]:
    for number, argument in enumerate(service.command):
        yield "command", ("command", number), argument
    for number, argument in enumerate(service.health.command):
        yield "health.command", ("health", "command", number), argument
    for command, arguments in enumerate(service.build):
        for number, argument in enumerate(arguments):
            yield "build", ("build", command, number), argument
    yield "health.file", ("health", "file"), service.health.file or ""
    yield "source.ref", ("source", "ref"), service.source.ref or ""
    yield "image", ("image",), service.image or ""


def _names(text: str) -> Iterator[PlaceholderUse]:
    """Yield the names in *text* that are placeholders, or that are probably misspelt ones."""
    for found in found_in(text):
        # `{a:1}` may be JSON and is ignored, but `{volme:uploads}` is a mistake.
        if found.argument is None or found.name == VOLUME or "did you mean" in did_you_mean(found.name, [VOLUME]):
            yield found


def _unknown(found: PlaceholderUse, at: Location) -> list[Violation]:
    if found.name not in BY_NAME:
        remedy = did_you_mean(found.written, _WRITTEN.values())
        return [Violation(at, "unknown-placeholder", f"{found.written} is not a placeholder", remedy)]
    if found.name == VOLUME and not found.argument:
        return [Violation(at, "unknown-placeholder", f"{found.written} names no volume", "write {volume:NAME}")]
    return []


def _misplaced(found: PlaceholderUse, where: Where, at: Location) -> list[Violation]:
    if where in BY_NAME[found.name].where:
        return []
    why, remedy = _REASONS[where]
    what = f"{found.written} has no value in '{where}': {why}"
    return [Violation(at, "misplaced-placeholder", what, remedy.replace("{name}", found.name.upper()))]


def _absent(found: PlaceholderUse, name: str, scope: Scope, at: Location) -> list[Violation]:
    if found.name not in ADDRESS or not scope.lacks(name, "port"):
        return []
    what = f"{found.written} has no value: {name} has no port"
    return [Violation(at, "misplaced-placeholder", what, f"give {name} a port, or leave {found.written} out")]


def _no_volume(found: PlaceholderUse, name: str, volumes: set[str], at: Location) -> list[Violation]:
    if found.name != VOLUME or not found.argument or found.argument in volumes:
        return []
    remedy = did_you_mean(found.argument, volumes) if volumes else f"add volumes: [{found.argument}:PATH] to {name}"
    return [Violation(at, "unknown-volume", f"{name} has no volume '{found.argument}'", remedy)]
