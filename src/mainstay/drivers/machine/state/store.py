"""`desired.json` on disk: complete after every crash."""

from pathlib import Path

import msgspec

from mainstay.drivers.machine.state.desired import FORMAT, Desired
from mainstay.system.atomic_file import atomic_write
from mainstay.system.state_file import decoding, require_format


class Store:
    """Stores one document. When `write` returns, the document is durable."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Desired:
        """Return the stored document; an empty desired state when there is none.

        Raises StateUnreadable for a document of another format.
        """
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return Desired()
        require_format(text, FORMAT, self._path, self._path.parent)
        with decoding(self._path, self._path.parent):
            return msgspec.json.decode(text, type=Desired)

    def write(self, desired: Desired) -> None:
        """Store *desired*. Raises InvariantBroken, and stores nothing, when it breaks an invariant."""
        desired.check()
        atomic_write(self._path, msgspec.json.encode(desired))
