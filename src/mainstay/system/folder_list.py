"""What a folder contains, as sorted lists."""

from pathlib import Path


def children(folder: Path) -> list[Path]:
    """Return what *folder* contains, sorted; nothing if it does not exist."""
    return sorted(folder.iterdir()) if folder.is_dir() else []


def oldest(folder: Path, keep: int) -> list[Path]:
    """Return what *folder* contains, oldest first, without the newest *keep*."""
    return sorted(children(folder), key=lambda path: path.lstat().st_mtime)[:-keep]
