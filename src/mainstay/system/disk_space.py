"""Room on the disk that holds an environment's state."""

import errno
import os
from pathlib import Path

from mainstay.errors import MainstayError
from mainstay.system.users import is_root

LEAST_BYTES = 256 * 1024
"""What the journal of one run and its plan need."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class NoRoom(MainstayError):
    """The disk that holds the state is full; nothing was changed."""

    code = "disk-full"


def shortage(place: Path) -> str:
    """Return what is short on the file system that holds *place*, as a sentence; empty while there is room."""
    found = os.statvfs(place)
    blocks = found.f_bfree if is_root() else found.f_bavail
    free = blocks * found.f_frsize
    if free < LEAST_BYTES:
        return f"the disk that holds {place} is full: {free // 1024} KiB are free"
    if found.f_files and not found.f_ffree:
        return f"the disk that holds {place} is full: no inode is free"
    return ""


def require_room(place: Path) -> None:
    """Raises NoRoom when a run could not be recorded below *place*."""
    if place.exists() and (why := shortage(place)):
        raise NoRoom(f"{why}; nothing was changed", remedy=remedy(place))


def words(error: OSError) -> str:
    """Return what the system refused, with the file where it is known."""
    return f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)


def remedy(place: Path) -> str:
    """Return what to do about a full disk."""
    return f"make room (df -h {place}), then type the command again"
