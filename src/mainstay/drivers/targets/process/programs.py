"""Install programs where the users of builds and services can run them: uv, and the interpreter of builds."""

import os
import shlex
import shutil
import sys
import threading
from pathlib import Path

from mainstay.drivers.targets.process.host import Host
from mainstay.errors import StepFailed
from mainstay.model import SourceTree
from mainstay.system.atomic_file import atomic_write, move


def install_uv(tree: SourceTree, host: Host) -> None:
    """Copy Mainstay's uv to a folder where every user can run it, if a command of *tree* names the copy.

    Raises StepFailed when uv is not installed.
    """
    copy = host.folders.programs / "uv"
    named = [*tree.check, *(argument for command in tree.build for argument in command)]
    if copy.exists() or not any(str(copy) in argument for argument in named):
        return
    ours = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), tree.path]))
    if ours is None:
        raise StepFailed("{uv} is used, but uv is not installed", remedy="pip install 'mainstay[uv]'")
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.parent.chmod(0o755)
    # Builds of one rank copy it in parallel, so each writes its own file, and the last rename wins.
    part = copy.with_name(f"uv.{threading.get_ident()}.copy")
    shutil.copyfile(ours, part)
    part.chmod(0o755)
    move(part, copy)


def install_python(tree: SourceTree, host: Host) -> None:
    """Create the folder in which builds find `python` and `python3`, if *tree* names an interpreter."""
    if not tree.python:
        return
    folder = python_folder(host)
    folder.mkdir(parents=True, exist_ok=True)
    for place in (folder.parent, folder):
        place.chmod(0o755)
    for name in ("python", "python3"):
        # A script is used, because an interpreter started through a link in another folder may not find its library.
        atomic_write(folder / name, f'#!/bin/sh\nexec {shlex.quote(tree.python)} "$@"\n'.encode(), 0o755)


def python_folder(host: Host) -> Path:
    """Return the folder in which builds find `python` and `python3`."""
    # The interpreter's own folder is not used: /usr/bin before /usr/local/bin would also put an older node first.
    return host.folders.programs / "python"
