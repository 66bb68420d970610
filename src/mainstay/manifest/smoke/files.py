"""Read the files with smoke flows, and collect every mistake in them with its file and line."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mainstay.errors import BadInput, ManifestInvalid, Mistake
from mainstay.manifest import yaml_tree
from mainstay.manifest.document import Document, read
from mainstay.manifest.messages import Violation, from_pydantic
from mainstay.manifest.smoke.flow import FlowSection
from mainstay.manifest.smoke.rules import rules
from mainstay.model.flow import Flow, Flows

SUFFIXES = (".yaml", ".yml")


class FlowFiles(NamedTuple):
    """The valid flows, the mistakes in their files, and the mistakes in the key `smoke`, which names the files."""

    flows: Flows
    mistakes: tuple[Mistake, ...]
    violations: tuple[Violation, ...]


def read_flows(folder: Path, paths: tuple[str, ...]) -> FlowFiles:
    """Return the flows in the files and folders *paths*, which are relative to *folder*."""
    flows: list[Flow] = []
    mistakes: list[Mistake] = []
    violations: list[Violation] = []
    seen: dict[str, str] = {}
    for path in paths:
        try:
            files = list(_files(folder, path))
        except _Missing as missing:
            violations.append(missing.violation)
            continue
        for file in files:
            try:
                document = read(file, begin="flow: NAME")
            except ManifestInvalid as invalid:
                mistakes += invalid.mistakes
                continue
            except BadInput as unreadable:
                violations.append(Violation(("smoke", "path"), "no-file", unreadable.what, "correct the file"))
                continue
            flow, found = _flow(document)
            if flow and flow.name in seen:
                what = f"the flow '{flow.name}' is also in {seen[flow.name]}"
                found = (*found, _placed(document, Violation(("flow",), "given-twice", what, "rename one of them")))
            elif flow:
                seen[flow.name] = document.file
                flows.append(flow)
            mistakes += found
    return FlowFiles(tuple(flows), tuple(mistakes), tuple(violations))


class _Missing(Exception):
    """Raised for a path in the key `smoke` that leads to no flow."""

    def __init__(self, code: str, what: str, remedy: str) -> None:
        super().__init__(what)
        self.violation = Violation(("smoke", "path"), code, what, remedy)


def _files(folder: Path, path: str) -> Iterator[Path]:
    place = folder / path
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise _Missing("path-leaves", f"{path!r} is not below the manifest's folder", "write smoke/")
    if place.is_file():
        yield place
    elif not place.is_dir():
        what = f"the smoke flows, {path!r}, are neither a folder nor a file"
        raise _Missing("no-folder", what, f"make it: mkdir -p {path}, or leave 'smoke' out")
    else:
        found = sorted(each for each in place.iterdir() if each.suffix in SUFFIXES)
        if not found:
            raise _Missing("no-flow", f"the folder {path!r} has no smoke flow", f"write {path.rstrip('/')}/home.yaml")
        yield from found


def _flow(document: Document) -> tuple[Flow | None, tuple[Mistake, ...]]:
    try:
        section = FlowSection.model_validate(yaml_tree.plain(document.root))
    except ValidationError as invalid:
        found = [from_pydantic(FlowSection, error) for error in _errors(invalid)]
        return None, (*document.mistakes, *(_placed(document, each) for each in found))
    broken = tuple(_placed(document, each) for each in rules(section))
    return section.to_flow(), (*document.mistakes, *broken)


def _errors(invalid: ValidationError) -> list[ErrorDetails]:
    """Return the errors, without those of lists that are empty only because every item is invalid."""
    errors = invalid.errors(include_url=False)
    lists = {error["loc"][:depth] for error in errors for depth in range(1, len(error["loc"]))}
    return [error for error in errors if error["type"] != "too_short" or error["loc"] not in lists]


def _placed(document: Document, found: Violation) -> Mistake:
    place = yaml_tree.place(document.file, document.root, found.location, of_key=found.at_key)
    return Mistake(found.code, found.what, found.remedy, place)
