"""Files that are whole after every crash: the old one or the new one, and on the disk once they are written."""

import os
from pathlib import Path


def write(path: Path, text: bytes, mode: int = 0o600) -> None:
    """Put *text* in place of *path*. One writer at a time: whoever calls has a lock."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
