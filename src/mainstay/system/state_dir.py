"""The paths of an environment's files and folders, most of them in its state folder, and how the folders are made."""

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
"""The name of the default environment. Each checkout has its own; plans for it need approval only to remove data."""
MAX_SOCKET_FOLDER_LENGTH = 80
"""The longest path, in characters, of a folder for sockets: HAProxy accepts 97 for a socket, file name included."""


def short_id(folder: Path | str) -> str:
    """Return a 16-digit hexadecimal id of *folder*, for names in which its path would be too long.

    Users, sockets and cgroups are found by this id: with another digest, existing ones would be lost.
    """
    return hashlib.sha256(str(folder).encode()).hexdigest()[:16]


class _Below:
    """The path *name* below one of the folders of `Folders`: `state`, `keys` or `sockets`."""

    def __init__(self, folder: str, name: str) -> None:
        self._folder = folder
        self._name = name

    def __get__(self, folders: "Folders", owner: type) -> Path:
        return Path(getattr(folders, self._folder), self._name)


@dataclass(frozen=True, slots=True)
class Folders:
    """The paths of one environment's files: in its state folder, and in its folder of keys, which is elsewhere."""

    state: Path
    keys: Path

    journal = _Below("state", "journal.db")
    head = _Below("state", "head")
    lock = _Below("state", "lock")
    environment = _Below("state", "environment.json")
    desired = _Below("state", "desired.json")
    supervisor_lock = _Below("state", "supervisor.lock")
    supervisor_log = _Below("state", "logs/supervisor.log")
    sealed = _Below("state", "secrets.age")
    settings = _Below("state", "settings.json")
    """Values of plain variables that an operator has set."""
    plans = _Below("state", "plans")
    contents = _Below("state", "content")
    releases = _Below("state", "releases")
    instances = _Below("state", "instances")
    jobs = _Below("state", "jobs")
    logs = _Below("state", "logs")
    volumes = _Below("state", "volumes")
    data = _Below("state", "data")
    edge = _Below("state", "edge")
    homes = _Below("state", "homes")
    """HOME, TMPDIR and caches of system users, one folder for each user."""
    written = _Below("state", "written")
    """Files that instances wrote into their private copies (`read_only: false`), one folder for each instance.

    They are kept after the instance has ended.
    """
    programs = _Below("state", "programs")
    """World-readable copies of programs that other users run (Postgres, uv)."""
    secret_key = _Below("keys", "secrets.key")
    signing_key = _Below("keys", "journal.key")
    public_key = _Below("keys", "journal.pub")
    authority = _Below("keys", "authority.pem")
    """The certificate of the environment's own authority, which clients of its front door trust."""
    authority_key = _Below("keys", "authority.key")
    account_key = _Below("keys", "account.key")
    """The key of the account at an authority that issues certificates by ACME."""
    obtained = _Below("state", "edge/obtained.json")
    """The certificate that an authority has issued by ACME, with its key."""
    supervisor_socket = _Below("sockets", "supervisor.sock")
    haproxy_socket = _Below("sockets", "haproxy.sock")
    access_log_socket = _Below("sockets", "access.sock")
    preview_socket = _Below("sockets", "preview.sock")
    rates_socket = _Below("sockets", "rates.sock")

    def content(self, key: str) -> Path:
        return self.contents / key

    def content_done(self, key: str) -> Path:
        """Return the path of the marker file that exists only while the content *key* is built and complete."""
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
        if len(str(inside)) <= MAX_SOCKET_FOLDER_LENGTH:
            return inside
        name = short_id(self.state)
        if is_root():
            return Path("/run/mainstay") / name
        return Path(f"/tmp/mainstay-{os.geteuid()}") / name


def create_folders(folders: Folders) -> None:
    """Create the missing folders of an environment, with modes that keep other users out.

    As root, some are 0711, so that service users reach their own files but cannot list the folder: with 0700 a
    service's interpreter would silently lose its virtual environment. Raises BadInput when a folder cannot be created.
    """
    passable = _passable()
    through = (folders.contents, folders.releases, folders.volumes, folders.data, folders.logs, folders.homes)
    private = (folders.plans, folders.instances, folders.jobs, folders.edge, folders.keys)
    with _writable():
        for folder in (folders.state, *through):
            make_folder(folder)
            folder.chmod(passable)
        for folder in private:
            make_folder(folder)
            folder.chmod(0o700)
        # The mode is set only at creation: the supervisor later opens it for HAProxy's workers, which run as `nobody`.
        make_folder(folders.sockets, 0o700)


def make_state(folders: Folders, *private: Path) -> None:
    """Create the state folder and the *private* folders (mode 0700) where missing, and no other folder.

    For commands that store a plan or a value before anything runs. Raises BadInput when a folder cannot be created.
    """
    with _writable():
        if not folders.state.exists():
            make_folder(folders.state)
            folders.state.chmod(_passable())
        for folder in private:
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
