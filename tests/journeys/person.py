"""Who types the commands: root, or an ordinary user."""

import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

MAINSTAY = str(Path(sys.executable).with_name("mainstay"))
BOX = "nobody"
"""An ordinary user that every machine has."""


@dataclass(frozen=True)
class Person:
    """`uid` None: whoever runs the tests."""

    name: str
    uid: int | None = None
    gid: int | None = None

    @property
    def is_root(self) -> bool:
        return self.uid is None and os.geteuid() == 0

    @property
    def becomes(self) -> dict[str, Any]:
        """What makes a child this person."""
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}


@cache
def persons() -> tuple[Person, ...]:
    """Root first, where root is to be had."""
    if os.geteuid() != 0:
        return (Person("ordinary"),)
    entry = pwd.getpwnam(BOX)
    return (Person("root"), Person("ordinary", entry.pw_uid, entry.pw_gid))


@cache
def why_not(person: Person) -> str:
    """Why this person cannot type `mainstay`; empty when nothing is in the way."""
    try:
        said = subprocess.run(
            [MAINSTAY, "--version"], check=False, capture_output=True, text=True, cwd="/", **person.becomes
        )
    except OSError as trouble:
        return f"{person.name} cannot run {MAINSTAY}: {trouble}"
    return "" if said.returncode == 0 else f"{person.name} cannot run {MAINSTAY}: {said.stderr.strip()[-200:]}"
