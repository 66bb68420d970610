"""Validate a document for one environment: its overrides, its defaults, each key, and the rules across sections."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from yaml import MappingNode, Node

from mainstay.errors import Mistake
from mainstay.manifest import yaml_tree
from mainstay.manifest.cross_checks import violations
from mainstay.manifest.document import Document
from mainstay.manifest.edge.error_pages import read_page
from mainstay.manifest.environment import EnvironmentSection, TargetSection
from mainstay.manifest.messages import Violation, from_pydantic
from mainstay.manifest.scope import Support, any_support, scope_of
from mainstay.manifest.service import ServiceSection
from mainstay.manifest.smoke.files import FlowFiles, read_flows
from mainstay.manifest.smoke.section import with_mapping
from mainstay.manifest.strategy import StrategySection
from mainstay.manifest.system import Manifest, SystemSection
from mainstay.manifest.warnings import warnings_of
from mainstay.manifest.yaml_tree import Location
from mainstay.model.flow import Flows
from mainstay.model.kinds import TARGETS, TARGETS_NOT_YET
from mainstay.system.state_dir import LOCAL

_STAND_IN = {"system": "unnamed", "version": "0"}


class Checked(NamedTuple):
    """The manifest of one environment (None if it has mistakes), its mistakes, and its warnings."""

    manifest: Manifest | None
    mistakes: tuple[Mistake, ...]
    warnings: tuple[Mistake, ...]


def check(document: Document, path: Path, environment: str, support: Support = any_support) -> Checked:
    """Return the manifest that *document* declares for *environment*, its mistakes and its warnings."""
    overrides = yaml_tree.child(yaml_tree.child(document.root, "environments"), environment)
    root = _overridden(document.root, overrides)
    data = _with_defaults(yaml_tree.plain(root), environment)
    target = _target_kind(overrides)
    system, found = _validated(data)
    if target in TARGETS_NOT_YET:
        where = ("environments", environment, "target")
        remedy = f"write target: {' or '.join(TARGETS)}"
        found.append(Violation(where, "not-yet", f"target {target} does not work yet", remedy))
    if system is not None:
        known = {each.location for each in found}
        scope = scope_of(system, data, path, target, support, _doubtful(found))
        found += [each for each in violations(scope) if each.location not in known]
    files = read_flows(path.resolve().parent, system.smoke.path) if system else FlowFiles((), (), ())
    found += files.violations
    malformed = {mistake.place.path for mistake in document.mistakes}
    sound = {each for each in found if yaml_tree.dotted(each.location) not in malformed}
    mistakes = in_order([*document.mistakes, *files.mistakes, *(_placed(document.file, root, each) for each in sound)])
    if system is None or mistakes:
        return Checked(None, mistakes, tuple(document.warnings))
    notes = (_placed(document.file, root, each) for each in warnings_of(system, target))
    return Checked(_manifest(system, path, environment, files.flows), (), in_order([*document.warnings, *notes]))


def in_order(mistakes: Iterable[Mistake]) -> tuple[Mistake, ...]:
    """Return *mistakes* sorted by place, without duplicates."""
    return tuple(
        sorted(set(mistakes), key=lambda m: (m.place.file, m.place.line or 0, m.place.column or 0, m.code, m.what))
    )


def _overridden(root: Node, overrides: Node | None) -> Node:
    if not isinstance(overrides, MappingNode):
        return root
    root, overrides = with_mapping(root), with_mapping(overrides)
    # An unknown key is a mistake of the environment only; merged, it would also be one of the system.
    unknown = [key for key in yaml_tree.keys(overrides) if key not in EnvironmentSection.model_fields]
    return yaml_tree.merged(root, yaml_tree.without(overrides, "target", *unknown))


def _target_kind(overrides: Node | None) -> str:
    target = yaml_tree.child(overrides, "target")
    kind = yaml_tree.child(target, "kind") or target
    return str(kind.value) if kind is not None and isinstance(kind.value, str) else TargetSection().kind


def _with_defaults(data: dict[str, Any], environment: str) -> dict[str, Any]:
    """Return *data* with, in the environment `local`, the defaults that apply only there."""
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


def _validated(data: dict[str, Any]) -> tuple[SystemSection | None, list[Violation]]:
    """Return the system without its invalid parts, and the mistakes in them; the rules then check the rest.

    The system is None when too much is invalid.
    """
    found: list[Violation] = []
    removed: set[Location] = set()
    while True:
        try:
            return SystemSection.model_validate(data), found
        except ValidationError as invalid:
            errors = invalid.errors(include_url=False)
            # A list whose every item is invalid is reported as too short as well.
            lists = {error["loc"][:depth] for error in errors for depth in range(1, len(error["loc"]))}
            gone = removed | lists
            found += [from_pydantic(SystemSection, error) for error in errors if not _was_removed(error, gone)]
            removed |= {error["loc"][:depth] for error in errors for depth in range(1, len(error["loc"]) + 1)}
            bad = [error["loc"][:-1] if error["type"] == "missing" else error["loc"] for error in errors]
            before, data = data, _STAND_IN | _less(data, bad)[0]
            if data == before:
                return None, found


def _was_removed(error: ErrorDetails, removed: set[Location]) -> bool:
    """Return whether a value is missing, or a list too short, only because its invalid parts were left out."""
    return error["type"] in {"missing", "too_short"} and error["loc"] in removed


def _less(data: Any, locations: Iterable[Location]) -> tuple[Any, bool]:
    """Return *data* without the values at *locations*, and whether *data* lacks one of them.

    If a mapping lacks a value, or the value is in a list, the part that contains it is removed instead.
    """
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


def _doubtful(found: Iterable[Violation]) -> frozenset[Location]:
    """Return the keys that are present but invalid; they are removed before the rules are checked.

    A part with an unknown key is included as a whole, because that key may be a misspelling of another one.
    """
    return frozenset(each.location[:-1] if each.code == "unknown-key" else each.location[:3] for each in found)


def _placed(file: str, root: Node, found: Violation) -> Mistake:
    place = yaml_tree.place(file, root, found.location, of_key=found.at_key)
    return Mistake(found.code, found.what, found.remedy, place)


def _manifest(system: SystemSection, path: Path, environment: str, flows: Flows) -> Manifest:
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
        pages=tuple(read_page(path.resolve().parent, *each) for each in system.edge.errors.items()),
        flows=flows,
        smoke_writes=system.smoke.writes,
        overridden=frozenset(name for place in declared.values() for name in place.variables),
    )
