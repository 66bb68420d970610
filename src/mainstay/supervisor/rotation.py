"""Log files that do not grow for ever, and notes of when they had which size."""

import contextlib
import os
import shutil
import time
from pathlib import Path

from mainstay.supervisor.logs import notes_of

MOST_BYTES, MOST_FILES = 10_000_000, 10
LONGEST_NOTE = 64


def note_and_rotate(folder: Path) -> None:
    """For every log below *folder*: note its size where it grew, copy it away and cut it where it is full."""
    for path in (*folder.glob("*/*.out"), *folder.glob("*/*.err")):
        with contextlib.suppress(FileNotFoundError):
            _note(path)
            if path.stat().st_size >= MOST_BYTES:
                _rotate(path)


def _note(path: Path) -> None:
    size = path.stat().st_size
    if size and size != _last_noted(notes_of(path)):
        with notes_of(path).open("a") as file:
            file.write(f"{size} {time.time():.3f}\n")


def _last_noted(notes: Path) -> int | None:
    try:
        with notes.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LONGEST_NOTE))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return None
    return int(lines[-1].split()[0]) if lines else None


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
