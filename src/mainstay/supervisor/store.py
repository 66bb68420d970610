"""`desired.json` on disk: whole before and after every crash."""

import os
from pathlib import Path

import msgspec

from mainstay.errors import BadInput
from mainstay.supervisor.desired import FORMAT, Desired


class Store:
    """Keeps one document. What `write` was given is durable when it returns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Desired:
        """What was written last; nothing wanted where there is none."""
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return Desired()
        if (found := msgspec.json.decode(text, type=_Format).format) > FORMAT:
            raise BadInput(
                f"{self._path} has format {found}, this Mainstay reads {FORMAT}",
                remedy="install the newer Mainstay that wrote it",
            )
        return msgspec.json.decode(text, type=Desired)

    def write(self, desired: Desired) -> None:
        write_whole(self._path, msgspec.json.encode(desired))


class _Format(msgspec.Struct):
    format: int = FORMAT


def write_whole(path: Path, text: bytes) -> None:
    """Write, fsync, rename, fsync of the folder."""
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
