"""The environment of builds, and the check that the services' user can reach the programs that they made."""

import os
import shlex
import shutil
import stat
import sys
import threading
from pathlib import Path

from mainstay.drivers.world import World
from mainstay.errors import StepFailed
from mainstay.model import Content, Value
from mainstay.model.secret import Secret
from mainstay.steps.support.scripts import refuse_unrunnable
from mainstay.system.atomic_file import atomic_write, move
from mainstay.system.users import ensure

CARRIED = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"})
CARRIED_FAMILIES = ("PIP_", "UV_", "NPM_CONFIG_")
KEPT_BACK = frozenset(
    {"UV_CACHE_DIR", "PIP_CACHE_DIR", "NPM_CONFIG_CACHE", "NPM_CONFIG_PREFIX", "PIP_TARGET", "PIP_PREFIX"}
    | {
        "UV_PROJECT_ENVIRONMENT",
        "UV_PYTHON",
        "UV_PYTHON_INSTALL_DIR",
        "UV_TOOL_DIR",
        "UV_LINK_MODE",
        "PIP_REQUIRE_VIRTUALENV",
    }
)
"""Folders and settings of the operator that builds do not get: they run as another user, with their own folders."""


def build_environment(content: Content, world: World) -> dict[str, Value]:
    """Return PATH, the plan's variables, and the proxy, certificate and index settings of the current command.

    Those settings may contain passwords and jobs are stored in plain text, so they are passed in the sealed file.
    """
    told: dict[str, Value] = {"PATH": build_path(content, world)}
    told |= {
        name: world.sealed.keep(f"build.{name}", Secret(value))
        for name, value in sorted(os.environ.items())
        if _carried(name.upper())
    }
    told |= {name: value for name, _, value in (each.partition("=") for each in content.reads)}
    return told


def build_path(content: Content, world: World) -> str:
    """Return the PATH of builds: the interpreter, the release's PATH, then that of the current shell.

    The shell's part makes the operator's toolchains available; it does not influence the release's identity.
    """
    python = str(_interpreter(world)) if content.python else ""
    # Relative entries are dropped, because they would find programs of the source.
    shell = [folder for folder in os.environ.get("PATH", "").split(":") if folder.startswith("/")]
    return ":".join(dict.fromkeys(filter(None, [python, *content.path.split(":"), *shell])))


def _carried(name: str) -> bool:
    return name in CARRIED or (name.startswith(CARRIED_FAMILIES) and name not in KEPT_BACK)


def bring_uv(content: Content, world: World) -> None:
    """Copy the uv installed with Mainstay to a folder where every user can run it, if a build or a command names it."""
    copy = world.folders.programs / "uv"
    named = [*content.check, *(argument for command in content.build for argument in command)]
    if copy.exists() or not any(str(copy) in argument for argument in named):
        return
    ours = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), content.path]))
    if ours is None:
        raise StepFailed("{uv} is used, but uv is not installed", remedy="pip install 'mainstay[uv]'")
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.parent.chmod(0o755)
    # Builds of one rank copy it in parallel, so each writes its own file, and the last rename wins.
    part = copy.with_name(f"uv.{threading.get_ident()}.copy")
    shutil.copyfile(ours, part)
    part.chmod(0o755)
    move(part, copy)


def bring_python(content: Content, world: World) -> None:
    """Create the folder in which builds find `python` and `python3`, and nothing else."""
    if not content.python:
        return
    folder = _interpreter(world)
    folder.mkdir(parents=True, exist_ok=True)
    for place in (folder.parent, folder):
        place.chmod(0o755)
    for name in ("python", "python3"):
        # A script is used, because an interpreter started through a link in another folder may not find its library.
        atomic_write(folder / name, f'#!/bin/sh\nexec {shlex.quote(content.python)} "$@"\n'.encode(), 0o755)


def _interpreter(world: World) -> Path:
    # The interpreter's own folder is not used: /usr/bin before /usr/local/bin would also put an older node first.
    return world.folders.programs / "python"


def bring_user(user: str, world: World) -> None:
    """Create the system user that runs builds and services, if it does not exist yet."""
    if user:
        ensure(user, world.shell, world.clock.pause)


def reach(content: Content, world: World) -> None:
    """Check that the services' user can run their programs. Raises StepFailed that names what prevents it."""
    folder = world.folders.content(content.key)
    programs = [_program(name, folder, content.path) for name in content.check]
    for program in programs:
        refuse_unrunnable(program, folder, content.source, content.path)
    for place in [folder, *programs]:
        # Links are followed one by one, because the user may lack access to any of the folders along the path.
        for step in _way(place):
            if not _passes(step, content.user, world):
                who = content.user or "the user that runs Mainstay"
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


def _passes(place: Path, user: str, world: World) -> bool:
    if not user:
        return os.access(place, os.X_OK)
    if stat.S_IMODE(place.stat().st_mode) & 0o005 == 0o005:
        return True
    return world.shell(["test", "-x", str(place)], user=user).code == 0
