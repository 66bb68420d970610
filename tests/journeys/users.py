"""The users that run the commands: root and an ordinary user."""

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
"""An ordinary user that exists on every machine."""


@dataclass(frozen=True)
class User:
    """A user of the machine; `uid` None is the user that runs the tests."""

    name: str
    uid: int | None = None
    gid: int | None = None

    @property
    def is_root(self) -> bool:
        return self.uid is None and os.geteuid() == 0

    @property
    def process_options(self) -> dict[str, Any]:
        """The arguments of `subprocess.Popen` that run a child as this user."""
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}


@cache
def all_users() -> tuple[User, ...]:
    """Return root, if the tests run as root, and an ordinary user."""
    if os.geteuid() != 0:
        return (User("ordinary"),)
    entry = pwd.getpwnam(ORDINARY_USER)
    return (User("root"), User("ordinary", entry.pw_uid, entry.pw_gid))


@cache
def reason_unusable(user: User) -> str:
    """Return why *user* cannot run `mainstay`; empty if the user can."""
    try:
        result = subprocess.run(
            [MAINSTAY, "--version"], check=False, capture_output=True, text=True, cwd="/", **user.process_options
        )
    except OSError as error:
        return f"{user.name} cannot run {MAINSTAY}: {error}"
    return "" if result.returncode == 0 else f"{user.name} cannot run {MAINSTAY}: {result.stderr.strip()[-200:]}"
