"""Prepare the folder, environment, files and user of a process; it inherits none of the supervisor's."""

import contextlib
import os
import pwd
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from mainstay.drivers.machine.instances.values import filled
from mainstay.drivers.machine.state.addresses import placeholders_of
from mainstay.drivers.machine.state.desired import DesiredInstance, identity_of
from mainstay.drivers.secrets.sealed_file import Sealed
from mainstay.model import Job, Member, Value, Workload, placeholders, volume_variable
from mainstay.system import users
from mainstay.system.atomic_file import move
from mainstay.system.linux_calls import sync_contents
from mainstay.system.ports import LOOPBACK
from mainstay.system.process_runner import Launch
from mainstay.system.state_dir import Folders

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Launching:
    """Creates the folders and files that the environment's processes need, and describes how to start each process."""

    def __init__(self, folders: Folders, sealed: Sealed) -> None:
        self._folders = folders
        self._sealed = sealed

    def instance(
        self, one: DesiredInstance, member: Member, listeners: Mapping[str, int], cgroups: tuple[str, ...]
    ) -> Launch:
        """Return how to start an instance, and create its folders and files. Idempotent."""
        workload, name = member.workload, identity_of(one.service, one.release, one.number)
        user = users.identity(workload.user)
        logs = _made(self._folders.logs / workload.service)
        folder = self.folder(name, workload)
        variables = {
            "MAINSTAY_RELEASE": str(one.release),
            "MAINSTAY_VERSION": member.version,
            "MAINSTAY_SERVICE": one.service,
            "MAINSTAY_INSTANCE": name,
        }
        if one.port is not None:
            variables |= {"HOST": LOOPBACK, workload.port_variable: str(one.port)}
        return Launch(
            command=placeholders.fill_all(workload.command, placeholders_of(one.port)),
            folder=folder,
            out=str(logs / f"{name}.out"),
            err=str(logs / f"{name}.err"),
            environment=self._home(workload.user, user)
            | variables
            | self._volumes(workload, Path(folder), user)
            | self._files(name, workload, user, listeners)
            | self._filled(workload.environment, listeners),
            uid=_when_root(user.uid),
            gid=_when_root(user.gid),
            groups=user.groups,
            open_files=workload.open_files,
            cgroups=cgroups,
        )

    def job(self, job: Job, place: Path, listeners: Mapping[str, int]) -> Launch:
        """Return how to start a job. Its output goes to a file in *place*, the folder of the job."""
        user = users.identity(job.user)
        return Launch(
            command=job.command,
            folder=job.folder or str(self._folders.homes / _user_name(job.user)),
            out=str(place / "output"),
            err=str(place / "output"),
            environment=self._home(job.user, user) | self._filled(job.environment, listeners),
            uid=_when_root(user.uid),
            gid=_when_root(user.gid),
            groups=user.groups,
            stdin=job.stdin,
            stays=True,
            within_s=job.within_s,
        )

    def folder(self, name: str, workload: Workload) -> str:
        """Return the working folder of an instance; create the instance's private copy when its content is writable.

        It is the content or that copy; without an artifact, the folder that the workload names or the home of its user.
        """
        if not workload.artifact:
            return workload.folder or str(self._folders.homes / _user_name(workload.user))
        content = self._folders.content(workload.artifact)
        if workload.read_only:
            return str(content)
        copy = self.private(name) / "content"
        if not copy.exists():
            part = copy.with_name("content.part")
            shutil.rmtree(part, ignore_errors=True)
            shutil.copytree(content, part, symlinks=True)
            _give_all(part, users.identity(workload.user))
            sync_contents(part)
            move(part, copy)
        return str(copy)

    def private(self, name: str) -> Path:
        """Return the instance's own folder; create it if needed.

        If the instance runs as a user of its own, this user can open the files in the folder, but not list them.
        """
        return _made(_made(_made(self._folders.homes) / ".instances") / name)

    def _home(self, name: str, user: users.UserIds) -> dict[str, str]:
        _made(self._folders.homes)
        home = _made(self._folders.homes / _user_name(name), user, 0o700)
        return {"HOME": str(home), "TMPDIR": str(_made(home / "tmp", user, 0o700))}

    def _filled(self, values: Mapping[str, Value], listeners: Mapping[str, int]) -> dict[str, str]:
        return {name: filled(value, self._sealed, listeners) for name, value in values.items()}

    def _files(
        self, name: str, workload: Workload, user: users.UserIds, listeners: Mapping[str, int]
    ) -> dict[str, str]:
        variables = {}
        for variable, value in workload.files.items():
            path = self.private(name) / variable
            path.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with os.fdopen(os.open(path, flags, 0o400), "w") as file:
                os.fchown(file.fileno(), user.uid, user.gid)
                file.write(filled(value, self._sealed, listeners))
            variables[f"{variable}_FILE"] = str(path)
        return variables

    def _volumes(self, workload: Workload, folder: Path, user: users.UserIds) -> dict[str, str]:
        variables = {}
        for volume in workload.volumes:
            _made(self._folders.volumes)
            place = _made(self._folders.volume(volume.name), user, 0o700)
            variables[volume_variable(volume.name)] = str(place)
            if not Path(volume.path).is_absolute():
                _link(folder, Path(volume.path), place)
        return variables


def _user_name(name: str) -> str:
    if name:
        return name
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _when_root(number: int) -> int | None:
    return number if users.is_root() else None


def _made(place: Path, user: users.UserIds | None = None, mode: int = 0o711) -> Path:
    """Return the folder *place*; when it is missing, create it and give it to *user*.

    The folder above may belong to *user*, so a link at *place* is not followed.
    """
    try:
        place.mkdir(mode=0o700)
    except FileExistsError:
        return place
    folder = os.open(place, _FOLDER)
    try:
        os.fchmod(folder, mode if users.is_root() else 0o700)
        if user is not None and users.is_root():
            os.fchown(folder, user.uid, user.gid)
    finally:
        os.close(folder)
    return place


def _give_all(place: Path, user: users.UserIds) -> None:
    """Make *place* and its content writable for their owner; if this process runs as root, make *user* the owner.

    The top folder is changed last, because until then no other user can enter it.
    """
    for folder, _, files in os.walk(place, topdown=False):
        for path in (*(Path(folder, name) for name in files), Path(folder)):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o200)
            if users.is_root():
                os.chown(path, user.uid, user.gid, follow_symlinks=False)


def _link(content: Path, link: Path, place: Path) -> None:
    """Create the link *link* inside *content* to *place*; links in its parent folders are not followed."""
    *above, name = link.parts
    folder = os.open(content, _FOLDER)
    try:
        for part in above:
            folder = _entered(folder, part)
        _linked(folder, name, place)
    finally:
        os.close(folder)


def _entered(folder: int, name: str) -> int:
    with _writable(folder), contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o755, dir_fd=folder)
    inside = os.open(name, _FOLDER, dir_fd=folder)
    os.close(folder)
    return inside


def _linked(folder: int, name: str, place: Path) -> None:
    with contextlib.suppress(OSError):
        if os.readlink(name, dir_fd=folder) == str(place):
            return
    with _writable(folder):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.rmdir(name, dir_fd=folder)  # An empty folder is replaced; one with content raises OSError.
        os.symlink(place, name, dir_fd=folder)


@contextlib.contextmanager
def _writable(folder: int) -> Iterator[None]:
    """Make *folder* writable for the time being: content is read-only even for the user that runs Mainstay."""
    mode = stat.S_IMODE(os.fstat(folder).st_mode)
    os.fchmod(folder, mode | 0o200)
    try:
        yield
    finally:
        os.fchmod(folder, mode)
