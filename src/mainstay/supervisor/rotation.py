"""Log files that do not grow for ever, and notes of when they had which size."""

import contextlib
import shutil
import time
from pathlib import Path

from mainstay.supervisor.logs import notes_of

MOST_BYTES, MOST_FILES = 10_000_000, 10


def note_and_rotate(folder: Path) -> None:
    """For every log below *folder*: note its size where it grew, copy it away and cut it where it is full."""
    for path in (*folder.glob("*/*.out"), *folder.glob("*/*.err")):
        with contextlib.suppress(FileNotFoundError):
            _note(path)
            if path.stat().st_size >= MOST_BYTES:
                _rotate(path)


def _note(path: Path) -> None:
    size, notes = path.stat().st_size, notes_of(path)
    if size and (not notes.exists() or path.stat().st_mtime >= notes.stat().st_mtime - 2):
        last = notes.read_text().rpartition("\n")[0].rpartition("\n")[2].split() if notes.exists() else []
        if not last or int(last[0]) != size:
            with notes.open("a") as file:
                file.write(f"{size} {time.time():.3f}\n")


def _rotate(path: Path) -> None:
    """Copy and cut: whoever writes keeps its descriptor, and O_APPEND takes it to the new beginning."""
    for number in range(MOST_FILES - 1, 1, -1):
        with contextlib.suppress(FileNotFoundError):
            _numbered(path, number - 1).replace(_numbered(path, number))
    shutil.copyfile(path, _numbered(path, 1))
    _numbered(path, 1).chmod(0o600)
    with path.open("r+b") as file:
        file.truncate(0)
    notes_of(path).unlink(missing_ok=True)


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
