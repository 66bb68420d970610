"""Load the manifest of one environment."""

from pathlib import Path

from mainstay.errors import BadInput, ManifestInvalid
from mainstay.manifest import yaml_tree
from mainstay.manifest.document import Document, read
from mainstay.manifest.messages import did_you_mean
from mainstay.manifest.scope import Support, any_support
from mainstay.manifest.system import Manifest
from mainstay.manifest.validate import check
from mainstay.system.state_dir import LOCAL


def load(path: Path, environment: str | None = None, support: Support = any_support) -> Manifest:
    """Return the manifest at *path* for one environment. Raises ManifestInvalid with every mistake."""
    document = read(path)
    manifest, mistakes, _ = check(document, path, choose(document, environment), support)
    if mistakes or manifest is None:
        raise ManifestInvalid(*mistakes)
    return manifest


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
