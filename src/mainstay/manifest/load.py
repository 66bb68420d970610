"""Load a manifest: the file, its tree, one environment's overrides, the models, the rules; report all mistakes."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from yaml import MappingNode, Node

from mainstay.errors import BadInput, ManifestInvalid, Mistake, Place
from mainstay.manifest import yaml_tree
from mainstay.manifest.cross_checks import Scope, Support, any_support, broken
from mainstay.manifest.environment import TargetSection
from mainstay.manifest.messages import Wrong, did_you_mean, from_pydantic
from mainstay.manifest.service import ServiceSection
from mainstay.manifest.strategy import StrategySection
from mainstay.manifest.system import Manifest, SystemSection
from mainstay.manifest.unused import unused
from mainstay.manifest.yaml_tree import Document, Location
from mainstay.system.state_dir import LOCAL
from mainstay.text.printable import HIDDEN

MANIFEST = "mainstay.yaml"
LARGEST_BYTES = 1_000_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_STAND_IN = {"system": "unnamed", "version": "0"}
_NESTED = re.compile(r"(?:[\[{]\s*){33}|^[ ]*(?:[-?][ ]+){33}", re.MULTILINE)


class Checked(NamedTuple):
    """The manifest of one environment (None when it has mistakes), its mistakes and its warnings."""

    manifest: Manifest | None
    mistakes: tuple[Mistake, ...]
    warnings: tuple[Mistake, ...]


def load(path: Path, environment: str | None = None, support: Support = any_support) -> Manifest:
    """Return the manifest at *path* for one environment. Raises ManifestInvalid with every mistake."""
    document = read(path)
    manifest, mistakes, _ = check(document, path, choose(document, environment), support)
    if mistakes or manifest is None:
        raise ManifestInvalid(mistakes)
    return manifest


def read(path: Path) -> Document:
    """Return the file as a tree. Raises BadInput when it cannot be read, ManifestInvalid when it is not YAML."""
    file = _shown(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        remedy = f"name the manifest: -f {path / MANIFEST}" if path.is_dir() else "mainstay init"
        raise BadInput(f"cannot read {file}: {error.strerror}", remedy=remedy, code="manifest-missing") from error
    if len(raw) > LARGEST_BYTES:
        what = f"the file has {len(raw):,} bytes, the limit is {LARGEST_BYTES:,}"
        raise ManifestInvalid((Mistake("too-large", what, "split it into systems", Place(file, 1, 1)),))
    return Document(file, _text(file, raw))


def environments(document: Document) -> tuple[str, ...]:
    """Return the names of the environments that the file declares."""
    return tuple(yaml_tree.keys(yaml_tree.child(document.root, "environments")))


def choose(document: Document, wanted: str | None) -> str:
    """Return *wanted*, by default `local`. Raises BadInput when it is not declared.

    `local` need not be declared when no environment is.
    """
    declared = environments(document)
    if wanted is None and (not declared or LOCAL in declared):
        return LOCAL
    if wanted is None:
        raise BadInput(
            f"{document.file} declares the environments {', '.join(declared)}, and none was chosen",
            remedy=f"add -e {declared[0]}",
            code="which-environment",
        )
    if wanted in declared or (not declared and wanted == LOCAL):
        return wanted
    known = declared or (LOCAL,)
    raise BadInput(
        f"no environment '{wanted}' in {document.file}", remedy=did_you_mean(wanted, known), code="unknown-environment"
    )


def check(document: Document, path: Path, environment: str, support: Support = any_support) -> Checked:
    """Return the manifest that *document* declares for *environment*, its mistakes and its warnings."""
    over = yaml_tree.child(yaml_tree.child(document.root, "environments"), environment)
    root = _resolved(document.root, over)
    data = _with_defaults(yaml_tree.plain(root), environment)
    system, wrongs = _validated(data)
    kind = _target_kind(over)
    if kind != "process":
        where = ("environments", environment, "target")
        wrongs.append(Wrong(where, "not-yet", f"target {kind} does not work yet", "use target: process"))
    if system is not None:
        said = {wrong.location for wrong in wrongs}
        scope = _scope(system, data, path, kind, support, _doubtful(wrongs))
        wrongs += [wrong for wrong in broken(scope) if wrong.location not in said]
    malformed = {mistake.place.path for mistake in document.mistakes}
    sound = [wrong for wrong in wrongs if yaml_tree.dotted(wrong.location) not in malformed]
    found = {_placed(document.file, root, wrong) for wrong in sound}
    mistakes = in_order([*document.mistakes, *found])
    if system is None or mistakes:
        return Checked(None, mistakes, tuple(document.warnings))
    notes = (*_notes(system), *unused(system, kind))
    warnings = in_order([*document.warnings, *(_placed(document.file, root, note) for note in notes)])
    return Checked(_manifest(system, path, environment), (), warnings)


def in_order(mistakes: Iterable[Mistake]) -> tuple[Mistake, ...]:
    """Return *mistakes* sorted by place, without duplicates."""
    return tuple(sorted(set(mistakes), key=lambda m: (m.place.line or 0, m.place.column or 0, m.code, m.what)))


def _shown(path: Path) -> str:
    below = os.path.relpath(path)
    return str(path) if below.startswith("..") else below


def _text(file: str, raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in raw[:4]
        what = "the file is not UTF-8" + (" (looks like UTF-16)" if wide else "")
        line = raw.count(b"\n", 0, error.start) + 1
        raise ManifestInvalid((Mistake("not-utf8", what, "save it as UTF-8", Place(file, line, 1)),)) from error
    for pattern, code, what in (
        (_CONTROL, "control-character", "control character"),
        (HIDDEN, "hidden-character", "hidden character"),
    ):
        if found := pattern.search(text):
            name = f"{what} U+{ord(found[0]):04X}"
            raise ManifestInvalid((Mistake(code, name, "remove it", _position(file, text, found.start())),))
    if found := _NESTED.search(text):
        where = _position(file, text, found.start())
        raise ManifestInvalid((Mistake("too-deep", "nested deeper than 32 levels", "a manifest needs fewer", where),))
    return text


def _position(file: str, text: str, offset: int) -> Place:
    start = text.rfind("\n", 0, offset) + 1
    return Place(file, text.count("\n", 0, offset) + 1, offset - start + 1)


def _resolved(root: Node, over: Node | None) -> Node:
    return yaml_tree.merged(root, yaml_tree.without(over, "target")) if isinstance(over, MappingNode) else root


def _target_kind(over: Node | None) -> str:
    target = yaml_tree.child(over, "target")
    kind = yaml_tree.child(target, "kind") or target
    return str(kind.value) if kind is not None and isinstance(kind.value, str) else "process"


def _with_defaults(data: dict[str, Any], environment: str) -> dict[str, Any]:
    """Return *data* with the defaults that apply only in `local`."""
    services = data.get("services")
    if environment != LOCAL or not isinstance(services, dict):
        return data
    return data | {"services": {name: _in_local(service) for name, service in services.items()}}


def _in_local(service: Any) -> Any:
    if not isinstance(service, dict):
        return service
    strategy = service.get("strategy", {})
    strategy = {"kind": strategy} if isinstance(strategy, str) else strategy
    inner = {"strategy": StrategySection.in_local | strategy} if isinstance(strategy, dict) else {}
    return ServiceSection.in_local | service | inner


def _validated(data: dict[str, Any]) -> tuple[SystemSection | None, list[Wrong]]:
    """Return the system without its invalid parts, so that the rules can check the rest, and the mistakes."""
    wrongs: list[Wrong] = []
    removed: set[Location] = set()
    while True:
        try:
            return SystemSection.model_validate(data), wrongs
        except ValidationError as invalid:
            errors = invalid.errors(include_url=False)
            wrongs += [from_pydantic(SystemSection, error) for error in errors if not _was_removed(error, removed)]
            removed |= {error["loc"][:depth] for error in errors for depth in range(1, len(error["loc"]) + 1)}
            wrong = [error["loc"][:-1] if error["type"] == "missing" else error["loc"] for error in errors]
            before, data = data, _STAND_IN | _less(data, wrong)[0]
            if data == before:
                return None, wrongs


def _was_removed(error: ErrorDetails, removed: set[Location]) -> bool:
    """Return whether a value is missing only because an earlier pass removed it as invalid."""
    return error["type"] in {"missing", "too_short"} and error["loc"] in removed


def _less(data: Any, locations: Iterable[Location]) -> tuple[Any, bool]:
    """Return *data* without the innermost mapping key towards each of *locations*, and whether one was not found."""
    if not isinstance(data, dict):
        return data, True
    below: dict[str | int, list[Location]] = defaultdict(list)
    for location in locations:
        if location:
            below[location[0]].append(location[1:])
    less = {}
    for name, value in data.items():
        if name not in below:
            less[name] = value
        elif () not in below[name]:
            inner, not_found = _less(value, below[name])
            if not not_found:
                less[name] = inner
    return less, any(key not in data for key in below)


def _doubtful(wrongs: Iterable[Wrong]) -> frozenset[Location]:
    """Return the keys that are present but invalid; they are removed before the rules are checked.

    A part with an unknown key is included as a whole, because that key may be a misspelling of another one.
    """
    return frozenset(wrong.location[:-1] if wrong.code == "unknown-key" else wrong.location[:3] for wrong in wrongs)


def _scope(
    system: SystemSection,
    data: dict[str, Any],
    path: Path,
    target: str,
    support: Support,
    doubtful: frozenset[Location],
) -> Scope:
    services, datastores, variables = (
        frozenset(part) if isinstance(part := data.get(key), dict) else frozenset()
        for key in ("services", "datastores", "variables")
    )
    edge = data.get("edge")
    routes = edge.get("routes") if isinstance(edge, dict) else ()
    routed = tuple(
        (position, route)
        for position, route in enumerate(routes if isinstance(routes, tuple) else ())
        if isinstance(route, dict)
    )
    return Scope(system, services, datastores, variables, routed, path.resolve().parent, target, support, doubtful)


def _notes(system: SystemSection) -> Iterator[Wrong]:
    """Yield warnings: keys that do not work yet and are ignored, and variables that no service reads."""
    parts: list[tuple[Location, Any]] = [((), system)]
    parts += [(("datastores", name), part) for name, part in system.datastores.items()]
    parts += [(("variables", name), part) for name, part in system.variables.items()]
    said: set[tuple[type, str]] = set()
    for where, part in parts:
        for key in part.noted:
            # The warning is given once per key, because every service may have the key.
            if key in part.model_fields_set and (type(part), key) not in said:
                said.add((type(part), key))
                what = f"'{key}' does not work yet and is ignored"
                yield Wrong((*where, key), "not-yet", what, "it may stay", at_key=True)
    read = {name for service in system.services.values() for name in service.variables}
    for name in system.variables:
        if name not in read:
            yield Wrong(("variables", name), "not-read", f"no service reads {name}", "leave it out", at_key=True)


def _placed(file: str, root: Node, wrong: Wrong) -> Mistake:
    place = yaml_tree.place(file, root, wrong.location, of_key=wrong.at_key)
    return Mistake(wrong.code, wrong.what, wrong.remedy, place)


def _manifest(system: SystemSection, path: Path, environment: str) -> Manifest:
    declared = system.environments
    return Manifest(
        file=path.resolve(),
        system=system.system,
        version=system.version,
        environment=environment,
        target=declared[environment].target if environment in declared else TargetSection(),
        variables=system.variables,
        services=system.services,
        datastores=system.datastores,
        edge=system.edge,
        overridden=frozenset(name for place in declared.values() for name in place.variables),
    )
