"""Check that the user of services can reach their programs, and that the kernel can run the programs."""

import os
import shutil
import stat
from pathlib import Path

from mainstay.drivers.targets.process.host import Host
from mainstay.errors import StepFailed
from mainstay.model import Source, SourceTree

MAX_LINE_BYTES = 256
"""Number of bytes that the kernel reads of a script's first line."""


def require_access(tree: SourceTree, host: Host) -> None:
    """Raise StepFailed, naming the cause, when the user of *tree* cannot run the programs that its services start."""
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


def refuse_unrunnable(program: Path, folder: Path, source: Source, path: str) -> None:
    """Raise StepFailed when the kernel would refuse *program*, naming the file as an operator can type it.

    *folder* is the content, which was copied from *source*; *path* is the release's PATH.
    """
    if not program.is_file():
        return
    name, in_source = _source_file(program, folder, source)
    if not program.stat().st_mode & 0o111:
        raise StepFailed(f"{name} is not executable", remedy=_chmod(name, source) if in_source else _rebuild(name))
    words = _first_line(program)
    if words is None:
        return
    if words.endswith("\r"):
        raise StepFailed(
            f"{name} has CRLF line endings, so the kernel looks for the program {words.split()[0] + chr(13)!r}",
            remedy=rf"sed -i 's/\r$//' {name}" if in_source else _rebuild(name),
        )
    if missing := _missing(words.split(), folder, path):
        wanted, why = missing
        raise StepFailed(
            f"{name} begins with #!{words}, but {why}",
            remedy=f"correct the first line of {name}, or install {wanted}",
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


def _source_file(program: Path, folder: Path, source: Source) -> tuple[str, bool]:
    """Return the name of *program* in messages, and whether it was copied: then the name is that of its source file."""
    if not program.is_relative_to(folder):
        return str(program), False
    inside = program.relative_to(folder)
    if source.ref:
        return str(inside), True
    shared = (Path(place) / inside.relative_to(at) for at, place in source.beside if inside.is_relative_to(at))
    for original in (*shared, source.folder / inside):
        if original.is_file():
            below = os.path.relpath(original)
            return (str(original) if below.startswith("..") else below), True
    return str(inside), False


def _chmod(name: str, source: Source) -> str:
    if source.ref:
        return f"git -C {source.folder} update-index --chmod=+x {name}, then commit and tag"
    return f"chmod +x {name}"


def _rebuild(name: str) -> str:
    return f"correct {name}, or the `build` that makes it"


def _first_line(program: Path) -> str | None:
    """Return the first line of a script without `#!`; None for any other program, and when it cannot be read."""
    try:
        with program.open("rb") as file:
            line = file.read(MAX_LINE_BYTES).partition(b"\n")[0]
    except OSError:
        return None
    return line[2:].decode(errors="replace").lstrip(" \t") if line.startswith(b"#!") and line[2:].strip() else None


def _missing(words: list[str], folder: Path, path: str) -> tuple[str, str] | None:
    """Return the program that the first line names and that is missing, with the reason; None when none is missing."""
    interpreter, *arguments = words
    if interpreter.startswith("/") and not Path(interpreter).exists():
        return interpreter, f"there is no {interpreter}"
    if Path(interpreter).name != "env":
        return None
    name = next((word for word in arguments if not word.startswith("-") and "=" not in word), "")
    found = not name or "/" in name or any((folder / part / name).is_file() for part in path.split(":"))
    return None if found else (name, f"{name} is not on the release's PATH ({path})")
