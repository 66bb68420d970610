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
ORDINARY_USER = "nobody"
"""An ordinary user that every machine has."""


@dataclass(frozen=True)
class User:
    """`uid` None: whoever runs the tests."""

    name: str
    uid: int | None = None
    gid: int | None = None

    @property
    def is_root(self) -> bool:
        return self.uid is None and os.geteuid() == 0

    @property
    def as_user(self) -> dict[str, Any]:
        """What makes a child this person."""
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}


@cache
def all_users() -> tuple[User, ...]:
    """Root first, where root is to be had."""
    if os.geteuid() != 0:
        return (User("ordinary"),)
    entry = pwd.getpwnam(ORDINARY_USER)
    return (User("root"), User("ordinary", entry.pw_uid, entry.pw_gid))


@cache
def why_unusable(user: User) -> str:
    """Why this person cannot type `mainstay`; empty when nothing is in the way."""
    try:
        result = subprocess.run(
            [MAINSTAY, "--version"], check=False, capture_output=True, text=True, cwd="/", **user.as_user
        )
    except OSError as trouble:
        return f"{user.name} cannot run {MAINSTAY}: {trouble}"
    return "" if result.returncode == 0 else f"{user.name} cannot run {MAINSTAY}: {result.stderr.strip()[-200:]}"
