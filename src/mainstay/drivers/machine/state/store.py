"""Read and write the file `desired.json`, which is complete after every crash."""

from pathlib import Path

import msgspec

from mainstay.drivers.machine.state.desired import FORMAT, Desired
from mainstay.system.atomic_file import atomic_write
from mainstay.system.state_file import decoding, require_format


def read_desired(path: Path) -> Desired:
    """Return the desired state in the file *path*; an empty one when the file does not exist.

    Raises StateUnreadable when the file is damaged or has another format.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return Desired()
    require_format(text, FORMAT, path, path.parent)
    with decoding(path, path.parent):
        return msgspec.json.decode(text, type=Desired)


def write_desired(path: Path, desired: Desired) -> None:
    """Store *desired* durably. Raises InvariantBroken, and stores nothing, when it breaks an invariant."""
    desired.check()
    atomic_write(path, msgspec.json.encode(desired))
