"""Writes the files of a release: its document (`release.json`), and for each service a link to the content it runs."""

import os
from pathlib import Path

import msgspec

from mainstay.drivers.world import World
from mainstay.engine.run import Run
from mainstay.system.atomic_file import atomic_write
from mainstay.system.users import is_root


def keep(run: Run, world: World) -> None:
    """Write the files of the release that *run* makes, unless they exist; a rollback makes no release."""
    planned = run.state.planned
    if planned is None or not planned.new:
        return
    folder = world.folders.release(planned.release)
    if (folder / "release.json").exists():
        return
    folder.mkdir(mode=0o711 if is_root() else 0o700, parents=True, exist_ok=True)
    for name, service in run.plan.release.services.items():
        if service.workload.artifact:
            _link(folder / name, world.folders.content(service.workload.artifact))
    atomic_write(folder / "release.json", msgspec.json.encode(run.plan.release))


def _link(place: Path, content: Path) -> None:
    place.unlink(missing_ok=True)
    place.symlink_to(os.path.relpath(content, place.parent))
