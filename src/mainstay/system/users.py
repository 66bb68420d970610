"""System users that services and datastores run as when Mainstay runs as root."""

import getpass
import grp
import os
import pwd
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from mainstay.errors import BadInput

MAX_NAME_LENGTH = 31
TRIES = 20
PAUSE_S = 0.25


class EndedCommand(Protocol):
    """The exit code and standard error of a child process."""

    @property
    def code(self) -> int: ...

    @property
    def err(self) -> str: ...


class UserIds(NamedTuple):
    """A user's numeric ids."""

    uid: int
    gid: int
    groups: tuple[int, ...]


def person() -> str:
    """Return the name of the user who ran the command; under sudo, of the user who called sudo."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def is_root() -> bool:
    """Return whether this process runs as root. Only then can services run as other users."""
    return os.geteuid() == 0


def identity(name: str) -> UserIds:
    """Return the ids of the user *name*, or of this process if *name* is empty. Raises KeyError if unknown."""
    if not name:
        return UserIds(os.geteuid(), os.getegid(), tuple(os.getgroups()))
    entry = pwd.getpwnam(name)
    return UserIds(entry.pw_uid, entry.pw_gid, tuple(os.getgrouplist(name, entry.pw_gid)))


def known(name: str) -> bool:
    """Return whether this machine has the user *name*."""
    return _found(pwd.getpwnam, name)


def name_for(purpose: str, mark: str) -> str:
    """Return the name of the system user for *purpose*; *mark* is the environment's `state_dir.short_id`."""
    return f"ms-{purpose}"[: MAX_NAME_LENGTH - 9] + f"-{mark[:8]}"


def addition(name: str) -> list[str]:
    """Return the command that adds the system user *name*: no login, no home, a group of its own."""
    group = ["--gid", name] if _found(grp.getgrnam, name) else ["--user-group"]
    return ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent",
            "--shell", "/usr/sbin/nologin", *group, name]  # fmt: skip


def ensure(name: str, run: Callable[[Sequence[str]], EndedCommand], pause: Callable[[float], None]) -> None:
    """Add the system user *name* if missing. Raises BadInput when it cannot be added.

    Tries up to 20 times with pauses of 0.25 s, since useradd fails while another process holds the lock of the user
    database.
    """
    for _ in range(TRIES):
        if known(name):
            return
        result = run(addition(name))
        if result.code == 0:
            return
        pause(PAUSE_S)
    raise BadInput(f"cannot add the system user {name}: {result.err.strip()}", remedy=" ".join(addition(name)))


def removal(name: str) -> list[str]:
    """Return the command that removes the system user *name*."""
    return ["userdel", name]


def _found(look_up: Callable[[str], object], name: str) -> bool:
    try:
        look_up(name)
    except KeyError:
        return False
    return True
