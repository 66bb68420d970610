"""Detect that a file has changed, without reading it."""

import os
from pathlib import Path
from typing import NamedTuple


class FileVersion(NamedTuple):
    """Properties of a file that change when it is written, or (the inode) when another file replaces it."""

    mtime_ns: int
    size: int
    inode: int


def version_of(path: Path | str) -> FileVersion | None:
    """Return the version of the file *path*; None if the file is missing or cannot be accessed."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return FileVersion(found.st_mtime_ns, found.st_size, found.st_ino)
