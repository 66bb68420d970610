"""Check a manifest in every environment that it declares."""

from pathlib import Path
from typing import NamedTuple

from mainstay.errors import ManifestInvalid, Mistake
from mainstay.manifest.document import read
from mainstay.manifest.load import choose, environments
from mainstay.manifest.scope import Support, any_support
from mainstay.manifest.validate import check, in_order
from mainstay.system.state_dir import LOCAL


class Report(NamedTuple):
    """Summary of a manifest that has no mistakes."""

    file: str
    system: str
    version: str
    environments: tuple[str, ...]
    services: int
    datastores: int
    routes: int
    warnings: tuple[Mistake, ...]


def report(path: Path, environment: str | None, support: Support = any_support) -> Report:
    """Return the report on *path* for *environment*, or for every one. Raises ManifestInvalid with all mistakes.

    A key that does not work yet is a mistake only in the environment named by *environment*, or in the only one.
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
    return Report(
        document.file,
        first.system,
        first.version,
        names,
        len(first.services),
        len(first.datastores),
        len(first.edge.routes),
        warnings,
    )
