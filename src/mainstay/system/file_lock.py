"""Exclusive locks between processes; the kernel releases one as soon as its holder has ended, however it ended.

They are open file description locks (fcntl, Linux 3.15), not `flock`: the kernel reports whether such a lock is held
without taking it, so a check never makes a process that wants the lock fail.
"""

import fcntl
import os
import struct
from pathlib import Path

from mainstay.errors import LockHeld
from mainstay.system.atomic_file import make_folder

_WHOLE_FILE = struct.Struct("hhqqi0q")
"""`struct flock`: type, whence, start, length (0: to the end), pid (0 for these locks), padded to its alignment."""


class Lock:
    """An environment's lock: one process acts at a time. Held until it is released or this process ends."""

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
        """Release the lock; without effect where this object does not hold it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def free(self) -> bool:
        """Whether no process holds the lock. Takes nothing and creates nothing."""
        return not is_locked(self._path)


def try_lock(path: Path) -> int | None:
    """Lock the file *path*, which is created where it is missing; None where another process holds the lock.

    The descriptor returned holds the lock until it and every copy of it are closed. Programs started later do not
    inherit it, unless it is passed to them explicitly.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, _WHOLE_FILE.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    except OSError as error:
        os.close(file)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return file


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock of *path*. Takes nothing and creates nothing."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        found = fcntl.fcntl(file, fcntl.F_OFD_GETLK, _WHOLE_FILE.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    finally:
        os.close(file)
    held_as, *_ = _WHOLE_FILE.unpack(found)
    return bool(held_as != fcntl.F_UNLCK)
