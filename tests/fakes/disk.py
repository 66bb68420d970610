"""A disk whose power can be cut: unsynced changes are lost, in the worst way that a file system allows."""

import os
from pathlib import Path

import pytest

from tests.fakes.power import Power


class Disk:
    """Records `os.fsync` and `os.replace`; *power* may be cut before and after each of them.

    A rename survives the cut only when its folder was synced since; the content of a renamed file only when the
    file was synced, else it is empty.
    """

    def __init__(self, power: Power, patch: pytest.MonkeyPatch) -> None:
        self._power = power
        self._fsync, self._replace = os.fsync, os.replace
        self._synced: dict[int, bytes] = {}
        """The synced content, by inode."""
        self._before: dict[Path, bytes | None] = {}
        """The content at the target of a rename before it, until the folder is synced; None: no file."""
        self.renamed: set[Path] = set()
        """The target of every rename."""
        patch.setattr(os, "fsync", self.fsync)
        patch.setattr(os, "replace", self.replace)

    def fsync(self, descriptor: int) -> None:
        place = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        self._power.point(f"before the sync of {place}")
        self._fsync(descriptor)
        if place.is_dir():
            self._before = {path: content for path, content in self._before.items() if path.parent != place}
        else:
            self._synced[place.stat().st_ino] = place.read_bytes()
        self._power.point(f"after the sync of {place}")

    def replace(self, old: str | Path, new: str | Path) -> None:
        self._power.point(f"before the rename to {new}")
        path = Path(new)
        self._before.setdefault(path, path.read_bytes() if path.exists() else None)
        self._replace(old, new)
        self.renamed.add(path)
        self._power.point(f"after the rename to {new}")

    def found(self, path: Path) -> set[bytes | None]:
        """Return every content that *path* may have once the power is back; None: no file."""
        if path not in self.renamed:
            return {path.read_bytes() if path.exists() else None}
        now = self._synced.get(path.stat().st_ino, b"")
        return {now, self._before[path]} if path in self._before else {now}

    def lost(self) -> set[Path]:
        """Return the renamed paths whose new content might be lost."""
        return {path for path in self.renamed if self.found(path) != {path.read_bytes()}}


def synced_folders(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return a list to which every folder is added that is synced from now on."""
    synced: list[Path] = []

    def fsync(descriptor: int) -> None:
        place = Path(f"/proc/self/fd/{descriptor}").resolve()
        synced.extend([place] if place.is_dir() else [])

    monkeypatch.setattr(os, "fsync", fsync)
    return synced
