"""List a folder's entries, and define `Measured`, the result of `file_tree.measure`; importing `file_tree` is slow."""

from pathlib import Path

import msgspec


class Measured(msgspec.Struct, frozen=True):
    """The digest of a folder tree, and the number of files that it includes.

    Two folders with the same digest are the same to a service. `left_out` is the number of entries that ignore files
    exclude, and of sockets, pipes and devices.
    """

    digest: str
    files: int
    left_out: int


def children(folder: Path) -> list[Path]:
    """Return the paths of the entries of *folder*, sorted; none if it does not exist."""
    return sorted(folder.iterdir()) if folder.is_dir() else []


def oldest(folder: Path, keep: int) -> list[Path]:
    """Return the paths of the entries of *folder* without the *keep* modified last, oldest first."""
    oldest_first = sorted(children(folder), key=lambda path: path.lstat().st_mtime)
    return oldest_first[: max(0, len(oldest_first) - keep)]
