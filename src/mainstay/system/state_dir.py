"""The layout of an environment's state folder (contract, section 2)."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mainstay.errors import BadInput
from mainstay.system.atomic_file import make_folder
from mainstay.system.users import is_root

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Debian's folders of programs. It is the PATH of services. Mainstay's own children search it after the shell's PATH,
because that PATH lacks useradd after a plain `su`."""

LOCAL = "local"
"""The default environment. Each checkout has its own; changing it needs no approval."""
LONGEST_SOCKET_FOLDER = 80
"""HAProxy accepts socket paths of at most 97 characters, including the file name."""


def short_id(folder: Path | str) -> str:
    """Return a 16-digit hexadecimal id of *folder*, for names in which its path would be too long.

    Users, sockets and cgroups are found by this id: with another digest, existing ones would be lost.
    """
    return hashlib.sha256(str(folder).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Folders:
    """The paths in one environment's state folder, and those of its keys, which are never stored in it."""

    state: Path
    keys: Path

    @property
    def journal(self) -> Path:
        return self.state / "journal.db"

    @property
    def head(self) -> Path:
        return self.state / "head"

    @property
    def lock(self) -> Path:
        return self.state / "lock"

    @property
    def environment(self) -> Path:
        return self.state / "environment.json"

    @property
    def desired(self) -> Path:
        return self.state / "desired.json"

    @property
    def supervisor_lock(self) -> Path:
        return self.state / "supervisor.lock"

    @property
    def supervisor_log(self) -> Path:
        return self.state / "logs" / "supervisor.log"

    @property
    def sealed(self) -> Path:
        return self.state / "secrets.age"

    @property
    def settings(self) -> Path:
        """Values of plain variables that an operator has set."""
        return self.state / "settings.json"

    @property
    def plans(self) -> Path:
        return self.state / "plans"

    @property
    def contents(self) -> Path:
        return self.state / "content"

    @property
    def releases(self) -> Path:
        return self.state / "releases"

    @property
    def instances(self) -> Path:
        return self.state / "instances"

    @property
    def jobs(self) -> Path:
        return self.state / "jobs"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def volumes(self) -> Path:
        return self.state / "volumes"

    @property
    def data(self) -> Path:
        return self.state / "data"

    @property
    def edge(self) -> Path:
        return self.state / "edge"

    @property
    def homes(self) -> Path:
        """HOME, TMPDIR and caches of system users, one folder for each user."""
        return self.state / "homes"

    @property
    def written(self) -> Path:
        """Files that instances wrote into their private copies (`read_only: false`), one folder for each instance.

        They are kept after the instance has ended.
        """
        return self.state / "written"

    @property
    def programs(self) -> Path:
        """World-readable copies of programs that other users run (Postgres, uv)."""
        return self.state / "programs"

    @property
    def secret_key(self) -> Path:
        return self.keys / "secrets.key"

    @property
    def signing_key(self) -> Path:
        return self.keys / "journal.key"

    @property
    def public_key(self) -> Path:
        return self.keys / "journal.pub"

    def content(self, key: str) -> Path:
        return self.contents / key

    def content_done(self, key: str) -> Path:
        """Marker file that exists only when the content is complete and built."""
        return self.contents / f"{key}.done"

    def release(self, number: int) -> Path:
        return self.releases / str(number)

    def job(self, identity: str) -> Path:
        return self.jobs / identity

    def volume(self, name: str) -> Path:
        return self.volumes / name

    @property
    def sockets(self) -> Path:
        """`STATE/sockets`, or a short path elsewhere if `STATE/sockets` is too long for a socket's path."""
        inside = self.state / "sockets"
        if len(str(inside)) <= LONGEST_SOCKET_FOLDER:
            return inside
        name = short_id(self.state)
        if is_root():
            return Path("/run/mainstay") / name
        return Path(f"/tmp/mainstay-{os.geteuid()}") / name

    @property
    def supervisor_socket(self) -> Path:
        return self.sockets / "supervisor.sock"

    @property
    def haproxy_socket(self) -> Path:
        return self.sockets / "haproxy.sock"

    @property
    def access_log_socket(self) -> Path:
        return self.sockets / "access.sock"


def lay_out(folders: Folders) -> None:
    """Create the missing folders of an environment, with modes that keep other users out.

    As root, some are 0711, so that service users reach their own files but cannot list the folder: with 0700 a
    service's interpreter would silently lose its virtual environment. Raises BadInput when a folder cannot be created.
    """
    passable = _passable()
    through = (folders.contents, folders.releases, folders.volumes, folders.data, folders.logs, folders.homes)
    closed = (folders.plans, folders.instances, folders.jobs, folders.edge, folders.keys)
    with _writable():
        for folder in (folders.state, *through):
            make_folder(folder)
            folder.chmod(passable)
        for folder in closed:
            make_folder(folder)
            folder.chmod(0o700)
        # The mode is set only at creation: the supervisor later opens it for HAProxy's workers, which run as `nobody`.
        make_folder(folders.sockets, 0o700)


def make_state(folders: Folders, *closed: Path) -> None:
    """Create the state folder and its *closed* folders where missing, and no other folder.

    For commands that store a plan or a value before anything runs. Raises BadInput when a folder cannot be created.
    """
    with _writable():
        if not folders.state.exists():
            make_folder(folders.state)
            folders.state.chmod(_passable())
        for folder in closed:
            make_folder(folder, 0o700)


def _passable() -> int:
    return 0o711 if is_root() else 0o700


@contextmanager
def _writable() -> Iterator[None]:
    try:
        yield
    except OSError as trouble:
        raise BadInput(
            f"cannot create {trouble.filename}: {trouble.strerror}",
            remedy="name another folder for the state of the environment with --state",
            code="state-unwritable",
        ) from None
