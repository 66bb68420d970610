"""Where the manifest is, and whose it is, told without reading it as YAML: a broken one still says its name."""

import re
from pathlib import Path

from mainstay.errors import BadInput

FILE = "mainstay.yaml"
_SYSTEM = re.compile(r"""^system:[ \t]*(["']?)([a-z][a-z0-9-]{0,62})\1[ \t\r]*(?:#.*)?$""", re.MULTILINE)


def find(folder: Path) -> Path:
    """The manifest of *folder*. Parents are not searched: a system is never touched from a folder by surprise."""
    path = folder / FILE
    if path.is_file():
        return path.resolve()
    above = next((parent for parent in folder.resolve().parents if (parent / FILE).is_file()), None)
    remedy = f"mainstay -f {above / FILE} …" if above else "mainstay init"
    raise BadInput(f"no {FILE} in {folder.resolve()}", remedy=remedy, code="no-manifest")


def system_line(path: Path) -> str:
    """The system's name as the line `system:` at the top level tells it. Raises BadInput where there is none."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}", remedy="name it with -f", code="no-manifest") from error
    found = _SYSTEM.search(text)
    if not found:
        raise BadInput(
            f"{path} has no line 'system: NAME'",
            remedy="write one, or name the state with --state DIR",
            code="no-system-line",
        )
    return found[2]
