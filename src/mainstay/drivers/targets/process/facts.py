"""The facts about this machine on which a plan depends: sources, complete and damaged content, the interpreter."""

import os
import sys
from collections.abc import Collection
from pathlib import Path

from mainstay.drivers.targets.process import source_tree
from mainstay.drivers.targets.process.artifacts import damage
from mainstay.drivers.targets.process.host import Host
from mainstay.drivers.targets.target_facts import TargetFacts
from mainstay.model import Source
from mainstay.system.state_dir import SYSTEM_PATH

OLDEST_PYTHON = (3, 11)


def facts(host: Host, live: Collection[str], sources: Collection[Source], path: str | None) -> TargetFacts:
    """Return the facts about *host* that `Target.facts` returns; the parameters are those of `Target.facts`."""
    return TargetFacts(
        sources={each: source_tree.measure(each, host.shell) for each in set(sources)},
        python="" if path is None else _python(host, path),
        uv=str(host.folders.programs / "uv"),
        prepared=frozenset(mark.stem for mark in host.folders.contents.glob("*.done")),
        damaged=frozenset(key for key in live if damage(host, key)),
        volumes=str(host.folders.volumes),
    )


def _python(host: Host, path: str) -> str:
    """Return the path of the interpreter for builds and services; empty when there is none that their user can run.

    It is the one that runs Mainstay (outside its venv), else the first recent enough `python3` of *path* and the
    system's PATH. Links in its folder are resolved: /bin/python3 and /usr/bin/python3 are one interpreter on Debian.
    """
    own = Path(getattr(sys, "_base_executable", sys.executable))
    ours = str(own.parent.resolve() / own.name)
    others = [f"{folder}/python3" for folder in f"{path}:{SYSTEM_PATH}".split(":") if folder.startswith("/")]
    same_user = not host.environment.user
    for candidate in dict.fromkeys([ours, *others]):
        reached = os.access(candidate, os.X_OK) and (same_user or _open_to_all(Path(candidate)))
        if reached and (candidate == ours or _new_enough(host, candidate)):
            return candidate
    return ""


def _open_to_all(program: Path) -> bool:
    """Return whether every user can reach and read or execute *program*, with links followed."""
    places = {*program.absolute().parents, program.absolute(), *program.resolve().parents, program.resolve()}
    needed = {place: 0o001 if place.is_dir() else 0o005 for place in places}
    return all(place.stat().st_mode & bits == bits for place, bits in needed.items())


def _new_enough(host: Host, python: str) -> bool:
    result = host.shell([python, "-I", "-S", "-c", "import sys; print(*sys.version_info[:2])"])
    return result.code == 0 and tuple(int(word) for word in result.out.split()) >= OLDEST_PYTHON
