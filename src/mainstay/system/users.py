"""System users: whom services and datastores run under when Mainstay runs as root."""

import getpass
import grp
import os
import pwd
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from mainstay.errors import BadInput

LONGEST_NAME = 31
TRIES = 20
PAUSE_S = 0.25


class Ended(Protocol):
    """How a child ended."""

    @property
    def code(self) -> int: ...

    @property
    def err(self) -> str: ...


class Identity(NamedTuple):
    """What the machine knows a user by."""

    uid: int
    gid: int
    groups: tuple[int, ...]


def person() -> str:
    """Return the name of the person who typed the command, also behind sudo."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def is_root() -> bool:
    """Whether this process is root: only then services can have users of their own."""
    return os.geteuid() == 0


def identity(name: str) -> Identity:
    """The numbers of the user *name*; of the one who runs this when *name* is empty. Raises KeyError when unknown."""
    if not name:
        return Identity(os.geteuid(), os.getegid(), tuple(os.getgroups()))
    entry = pwd.getpwnam(name)
    return Identity(entry.pw_uid, entry.pw_gid, tuple(os.getgrouplist(name, entry.pw_gid)))


def known(name: str) -> bool:
    """Whether the machine has the user *name*."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def name_for(purpose: str, mark: str) -> str:
    """Return the name of the system user for *purpose* in the environment with this `folders.short_id`."""
    return f"ms-{purpose}"[: LONGEST_NAME - 9] + f"-{mark[:8]}"


def addition(name: str) -> list[str]:
    """The command that adds the system user *name*: no log-in, no home, a group of its own."""
    group = ["--gid", name] if _group_known(name) else ["--user-group"]
    return ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent",
            "--shell", "/usr/sbin/nologin", *group, name]  # fmt: skip


def ensure(name: str, run: Callable[[Sequence[str]], Ended], pause: Callable[[float], None]) -> None:
    """Let the system user *name* be known. Raises BadInput when it cannot be added.

    Others add theirs at the same moment, and the file of users has one writer: so it is tried for a while.
    """
    for _ in range(TRIES):
        if known(name):
            return
        said = run(addition(name))
        if said.code == 0:
            return
        pause(PAUSE_S)
    raise BadInput(f"cannot add the system user {name}: {said.err.strip()}", remedy=" ".join(addition(name)))


def removal(name: str) -> list[str]:
    """The command that takes the system user *name* away again."""
    return ["userdel", name]


def _group_known(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
