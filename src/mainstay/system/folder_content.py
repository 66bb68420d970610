"""What a folder contains: as sorted lists, and as a digest with counts. Not in `file_tree`, which imports slowly."""

from pathlib import Path

import msgspec


class Measured(msgspec.Struct, frozen=True):
    """Digest and counts of a folder tree. Two folders with the same digest are the same to a service."""

    digest: str
    files: int
    left_out: int


def children(folder: Path) -> list[Path]:
    """Return what *folder* contains, sorted; nothing if it does not exist."""
    return sorted(folder.iterdir()) if folder.is_dir() else []


def oldest(folder: Path, keep: int) -> list[Path]:
    """Return what *folder* contains, oldest first, without the newest *keep*."""
    return sorted(children(folder), key=lambda path: path.lstat().st_mtime)[:-keep]
