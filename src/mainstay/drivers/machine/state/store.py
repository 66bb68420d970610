"""`desired.json` on disk: complete after every crash."""

from pathlib import Path

import msgspec

from mainstay.drivers.machine.state.desired import FORMAT, Desired
from mainstay.errors import BadInput
from mainstay.system.atomic_file import atomic_write


class Store:
    """Stores one document. When `write` returns, the document is durable."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Desired:
        """Return the stored document; an empty desired state when there is none. Raises BadInput for a newer format."""
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
