"""Exclusive locks between processes. The kernel releases a lock when its holder ends, even by SIGKILL.

They are open file description locks (fcntl, Linux 3.15), not `flock`: the kernel can report whether such a lock is
held without taking it, so a check never makes another process fail to take the lock.
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mainstay.errors import LockHeld
from mainstay.system.atomic_file import make_folder

_WHOLE_FILE = struct.Struct("hhqqi0q")
"""`struct flock`: type, whence, start, length (0: to the end), pid (0 for these locks), padded to its alignment."""
_EXCLUSIVE = _WHOLE_FILE.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


class Lock:
    """An environment's lock: only its holder may change the environment. Held until released or this process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def take(self) -> None:
        """Take the lock. Raises LockHeld at once when another process holds it; `Journal.owner` names that process."""
        make_folder(self._path.parent, 0o700)
        file = try_lock(self._path)
        if file is None:
            raise LockHeld("another run holds the lock", remedy="mainstay status")
        self._file = file

    def release(self) -> None:
        """Release the lock. Does nothing if this object does not hold it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def is_free(self) -> bool:
        """Return whether no process holds the lock. Neither takes the lock nor creates the file."""
        return not is_locked(self._path)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for the lock of the file *path*, and hold it during the body, which is short. Create the file if missing."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.fcntl(file, fcntl.F_OFD_SETLKW, _EXCLUSIVE)
        yield
    finally:
        os.close(file)


def try_lock(path: Path) -> int | None:
    """Lock the file *path*, creating it if missing, and return its descriptor; None if another process holds the lock.

    The lock is held until the descriptor and all its duplicates are closed. Child programs do not inherit the
    descriptor unless it is passed to them explicitly.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, _EXCLUSIVE)
    except OSError as error:
        os.close(file)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return file


def is_locked(path: Path) -> bool:
    """Return whether a process holds the lock of *path*. Neither takes the lock nor creates the file."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        found = fcntl.fcntl(file, fcntl.F_OFD_GETLK, _EXCLUSIVE)
    finally:
        os.close(file)
    held_as, *_ = _WHOLE_FILE.unpack(found)
    return bool(held_as != fcntl.F_UNLCK)
