"""Notice that a file has changed without reading it."""

import os
from pathlib import Path
from typing import NamedTuple


class FileVersion(NamedTuple):
    """When and how a file was last written. A file that is replaced by another one gets another inode."""

    mtime_ns: int
    size: int
    inode: int


def version_of(path: Path | str) -> FileVersion | None:
    """Return the version of the file *path*; None when there is none or it cannot be accessed."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return FileVersion(found.st_mtime_ns, found.st_size, found.st_ino)
