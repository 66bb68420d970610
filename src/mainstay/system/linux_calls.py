"""System calls that Python's standard library lacks: punching holes into files, syncfs and inotify."""

import ctypes
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

IN_MODIFY, IN_CREATE, IN_MOVED_TO = 0x2, 0x100, 0x80
IN_Q_OVERFLOW, IN_IGNORED, IN_ONLYDIR, IN_DONT_FOLLOW = 0x4000, 0x8000, 0x1000000, 0x2000000
_KEEP_SIZE_AND_PUNCH_HOLE = 0x1 | 0x2
_EVENT = struct.Struct("iIII")
_C = ctypes.CDLL(None, use_errno=True)
_C.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)


class Event(NamedTuple):
    """One inotify event: the number of its watch, its `IN_…` flags, and the name of the file in the watched folder.

    The name is empty when the event is about the watched path itself.
    """

    watch: int
    mask: int
    name: str


def punch_hole(descriptor: int, length: int) -> None:
    """Free the first *length* bytes of a file: they then read as zeros; its size and its other bytes do not change.

    Raises OSError (EOPNOTSUPP) when the file system does not support it.
    """
    _checked(_C.fallocate(descriptor, _KEEP_SIZE_AND_PUNCH_HOLE, 0, length))


def sync_contents(folder: Path) -> None:
    """Sync the file system that holds *folder* to the disk. Raises OSError when that fails.

    One call replaces an fsync of each of the thousands of files that a build creates.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _checked(_C.syncfs(descriptor))
    finally:
        os.close(descriptor)


def inotify() -> int:
    """Return a new inotify descriptor, close-on-exec and non-blocking. Raises OSError if the kernel refuses one."""
    return _checked(_C.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))


def watch(descriptor: int, path: str, mask: int) -> int:
    """Watch *path* for the events in *mask*, and return the number of the watch. Raises OSError if that fails."""
    return _checked(_C.inotify_add_watch(descriptor, os.fsencode(path), mask))


def events(descriptor: int) -> Iterator[Event]:
    """Yield the pending events of an inotify descriptor; none if none is pending."""
    try:
        data = os.read(descriptor, 65536)
    except BlockingIOError:
        return
    offset = 0
    while offset < len(data):
        number, mask, _, length = _EVENT.unpack_from(data, offset)
        offset += _EVENT.size
        yield Event(number, mask, os.fsdecode(data[offset : offset + length].rstrip(b"\0")))
        offset += length


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
