"""Lists of a folder's entries, and the type of its digest. Separate from `file_tree`, whose import is slow."""

from pathlib import Path

import msgspec


class Measured(msgspec.Struct, frozen=True):
    """Digest of a folder tree, and the numbers of its files and of the entries that the digest omits (`left_out`).

    Two folders with the same digest are the same to a service.
    """

    digest: str
    files: int
    left_out: int


def children(folder: Path) -> list[Path]:
    """Return the paths of the entries of *folder*, sorted; none if it does not exist."""
    return sorted(folder.iterdir()) if folder.is_dir() else []


def oldest(folder: Path, keep: int) -> list[Path]:
    """Return the paths of the entries of *folder* except the newest *keep*, oldest first."""
    oldest_first = sorted(children(folder), key=lambda path: path.lstat().st_mtime)
    return oldest_first[: max(0, len(oldest_first) - keep)]
