"""Save the files that an ended instance wrote into its private copy of the content (`read_only: false`)."""

import filecmp
import logging
import os
import stat
from pathlib import Path

log = logging.getLogger(__name__)

CACHES = frozenset({"__pycache__"})
"""Names of folders that are not saved, because interpreters create them again."""


def keep_written(name: str, copy: Path, content: Path, kept: Path) -> int | None:
    """Save the files of *copy* that the instance *name* wrote: those that differ from *content*. Return their number.

    They are linked into a new folder in *kept*. Return None when that failed, so that *copy* must not be removed.
    """
    if not copy.is_dir():
        return 0
    try:
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = free_name(kept, name)
        count = link_written(copy, content, place)
    except OSError as error:
        log.error("%s: the files that it wrote could not be kept, they are still in %s: %s", name, copy, error)
        return None
    if count:
        log.warning("%s ended: %d files that it wrote are kept in %s", name, count, place)
    return count


def link_written(copy: Path, content: Path, kept: Path) -> int:
    """Hard-link the files of *copy* that are missing or different in *content* into *kept*; return their number.

    Links need no space for the data. If one fails with OSError, *copy* still has all files, so the caller keeps it.
    """
    count = 0
    for folder, folders, files in os.walk(copy):
        folders[:] = [name for name in folders if name not in CACHES]
        inside = Path(folder).relative_to(copy)
        for name in files:
            if _is_written(copy / inside / name, content / inside / name):
                to = kept / inside / name
                to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.link(copy / inside / name, to, follow_symlinks=False)
                count += 1
    return count


def free_name(folder: Path, name: str) -> Path:
    """Return a path in *folder* that does not exist: *name*, or `NAME.2` and so on if an earlier instance took it."""
    number, path = 1, folder / name
    while path.exists():
        number += 1
        path = folder / f"{name}.{number}"
    return path


def _is_written(path: Path, original: Path) -> bool:
    """Return whether *path* is a regular file that differs from *original*; False for equal size and time of change."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        return False  # A link to a volume, or a socket.
    try:
        was = original.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    if stat.S_ISREG(was.st_mode) and found.st_size == was.st_size:
        return found.st_mtime_ns != was.st_mtime_ns and not filecmp.cmp(path, original, shallow=False)
    return True
