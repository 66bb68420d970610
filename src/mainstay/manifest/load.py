"""Load the manifest of one environment, or check it in every environment that it declares."""

from pathlib import Path
from typing import NamedTuple

from mainstay.errors import BadInput, ManifestInvalid, Mistake
from mainstay.manifest import yaml_tree
from mainstay.manifest.document import Document, read
from mainstay.manifest.messages import did_you_mean
from mainstay.manifest.scope import Support, any_support
from mainstay.manifest.system import Manifest
from mainstay.manifest.validate import check, in_order
from mainstay.system.state_dir import LOCAL


class Report(NamedTuple):
    """Summary of a valid manifest.

    The version and the numbers of services, datastores and routes are those of the first valid environment.
    """

    file: str
    system: str
    version: str
    environments: tuple[str, ...]
    services: int
    datastores: int
    routes: int
    warnings: tuple[Mistake, ...]


def load(path: Path, environment: str | None = None, support: Support = any_support) -> Manifest:
    """Return the manifest at *path* for *environment* (None: `local`). Raises ManifestInvalid with every mistake."""
    document = read(path)
    manifest, mistakes, _ = check(document, path, choose(document, environment), support)
    if mistakes or manifest is None:
        raise ManifestInvalid(*mistakes)
    return manifest


def report(path: Path, environment: str | None, support: Support = any_support) -> Report:
    """Return the report on *path* for *environment* (None: for all). Raises ManifestInvalid with every mistake.

    A key that does not work yet is only a warning if the manifest is valid in at least one other environment.
    """
    document = read(path)
    names = (choose(document, environment),) if environment else environments(document) or (LOCAL,)
    checked = {name: check(document, path, name, support) for name in names}
    usable = [found.manifest for found in checked.values() if found.manifest]
    mistakes = {mistake for found in checked.values() for mistake in found.mistakes}
    later = {mistake for mistake in mistakes if mistake.code == "not-yet"} if usable else set()
    if mistakes - later or not usable:
        raise ManifestInvalid(*in_order(mistakes))
    first = usable[0]
    warnings = in_order([*later, *(warning for found in checked.values() for warning in found.warnings)])
    counts = len(first.services), len(first.datastores), len(first.edge.routes)
    return Report(document.file, first.system, first.version, names, *counts, warnings)


def environments(document: Document) -> tuple[str, ...]:
    """Return the names of the environments that the file declares."""
    return tuple(yaml_tree.keys(yaml_tree.child(document.root, "environments")))


def choose(document: Document, wanted: str | None) -> str:
    """Return the name of the environment to use: *wanted*, or `local` if that is None.

    Raises BadInput when the file does not declare that environment. A file without environments has `local` only.
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
