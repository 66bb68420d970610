"""The check that the services' user can reach and run their programs."""

import os
import shutil
import stat
from pathlib import Path

from mainstay.drivers.targets.process.host import Host
from mainstay.drivers.targets.process.scripts import refuse_unrunnable
from mainstay.errors import StepFailed
from mainstay.model import SourceTree


def require_access(tree: SourceTree, host: Host) -> None:
    """Check that the services' user can run their programs. Raises StepFailed that names what prevents it."""
    folder = host.folders.content(tree.key)
    programs = [_program(name, folder, tree.path) for name in tree.check]
    for program in programs:
        refuse_unrunnable(program, folder, tree.source, tree.path)
    for place in [folder, *programs]:
        # Links are followed one by one, because the user may lack access to any of the folders along the path.
        for step in _way(place):
            if not _passes(step, tree.user, host):
                who = tree.user or "the user that runs Mainstay"
                raise StepFailed(
                    f"{who} cannot reach {place}: the permissions of {step} do not allow it", remedy=f"chmod o+x {step}"
                )


def _program(name: str, folder: Path, path: str) -> Path:
    if "/" in name:
        place = folder / name
        found = place if place.exists() else None
    else:
        found = next((p for part in path.split(":") if (p := folder / part / name).is_file()), None)
    if found is None:
        raise _not_found(name, path)
    return found


def _not_found(name: str, path: str) -> StepFailed:
    if "/" in name:
        return StepFailed(f"the command {name} is not in the service's folder", remedy="correct `command` or `build`")
    what = f"the command {name} is not on the release's PATH ({path})"
    here = shutil.which(name)
    if here is None:
        return StepFailed(what, remedy="correct `command`, or install the program")
    declared = f'variables: {{PATH: {{default: "{os.path.dirname(here)}:{path}"}}}}'
    return StepFailed(
        f"{what}; this shell finds {here}, but the shell's PATH is not part of a release",
        remedy=f"write {here} in `command`, or declare {declared} and list PATH in the service's `variables`",
    )


def _way(place: Path) -> list[Path]:
    way: list[Path] = []
    for _ in range(40):
        way += [*reversed(place.parents), place]
        if not place.is_symlink():
            return way
        place = place.parent / os.readlink(place)
    raise StepFailed(f"{place} is a symbolic link that leads to itself", remedy="fix the link")


def _passes(place: Path, user: str, host: Host) -> bool:
    if not user:
        return os.access(place, os.X_OK)
    if stat.S_IMODE(place.stat().st_mode) & 0o005 == 0o005:
        return True
    return host.shell(["test", "-x", str(place)], user=user).code == 0
