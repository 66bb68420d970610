"""Free space on the disk that holds an environment's state."""

import errno
import os
from pathlib import Path

from mainstay.errors import MainstayError
from mainstay.system.users import is_root

LEAST_BYTES = 256 * 1024
"""Bytes of disk space that the journal entries and the plan of one run need."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class NoRoom(MainstayError):
    """The disk that holds the state is full. Nothing was changed if the command found this before its run began."""

    code = "disk-full"


def shortage(place: Path) -> str:
    """Return a message if the file system of *place* has less than LEAST_BYTES or no inode free, else empty."""
    found = os.statvfs(place)
    blocks = found.f_bfree if is_root() else found.f_bavail
    free = blocks * found.f_frsize
    if free < LEAST_BYTES:
        return f"the disk that holds {place} is full: {free // 1024} KiB are free"
    if found.f_files and not found.f_ffree:
        return f"the disk that holds {place} is full: no inode is free"
    return ""


def require_room(place: Path) -> None:
    """Raise NoRoom if the file system of *place* is too full to record a run. Do nothing if *place* does not exist."""
    if place.exists() and (why := shortage(place)):
        raise NoRoom(f"{why}; nothing was changed", remedy=remedy(place))


def words(error: OSError) -> str:
    """Return the operating system's error message, with the file name if known."""
    return f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)


def remedy(place: Path) -> str:
    """Return what an operator can do when the disk that holds *place* is full."""
    return f"make room (df -h {place}), then type the command again"
