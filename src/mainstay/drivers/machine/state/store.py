"""`desired.json` on disk: whole before and after every crash."""

from pathlib import Path

import msgspec

from mainstay.drivers.machine.state.desired import FORMAT, Desired
from mainstay.errors import BadInput
from mainstay.system.atomic_file import atomic_write


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
        atomic_write(self._path, msgspec.json.encode(desired))


class _Format(msgspec.Struct):
    format: int = FORMAT
