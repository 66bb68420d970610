"""Manifests for tests, and what loading them returns."""

from pathlib import Path
from textwrap import dedent

from mainstay.cli.console import line
from mainstay.errors import BadInput, ManifestInvalid, Mistake
from mainstay.manifest import Manifest, load
from mainstay.manifest.document import read
from mainstay.manifest.validate import check
from mainstay.model import DatastoreSupport
from mainstay.system.state_dir import LOCAL

SUPPORT = {"postgres": DatastoreSupport(migrations=("sql",))}.get
"""What the drivers of these tests can run: Postgres only."""

HELLO = """\
system: hello
version: 1.0.0
services:
  web:
    command: ["{python}", app.py]
    port: 8000
    health: {ready: /health}
edge:
  routes: [{path: /, service: web}]
"""


def write(folder: Path, text: str | bytes) -> Path:
    """*text* as the manifest of *folder*."""
    path = folder / "mainstay.yaml"
    path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
    return path


def loaded(folder: Path, text: str, environment: str | None = None) -> Manifest:
    """The manifest that *text* is."""
    return load(write(folder, text), environment, SUPPORT)


def mistakes(folder: Path, text: str | bytes, environment: str | None = None) -> list[str]:
    """Every mistake of *text*, as people read it; none when there is none."""
    try:
        load(write(folder, text), environment, SUPPORT)
    except ManifestInvalid as invalid:
        return [line(mistake) for mistake in invalid.mistakes]
    except BadInput as refused:
        return [f"{refused.what}; {refused.remedy} [{refused.code}]"]
    return []


def warnings(folder: Path, text: str) -> tuple[Mistake, ...]:
    """What is written in *text* that nothing acts on, or that should be written otherwise."""
    path = write(folder, text)
    return check(read(path), path, LOCAL).warnings
