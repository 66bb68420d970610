"""What services wrote: files that only grow, notes of when, and lines made harmless."""

import re
import time
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

TAIL_LINES, TAIL_BYTES = 20, 16384
LONGEST_LINE = 65536
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ID = re.compile(r"(?P<service>.+)-(?P<release>\d+)-\d+")


class Written(NamedTuple):
    """One line of an instance's file."""

    at: float
    instance: str
    release: int
    stream: str
    line: str


def harmless(raw: bytes) -> str:
    """A line without escapes, control characters and invalid bytes."""
    text = raw[:LONGEST_LINE].decode(errors="replace").rstrip("\r\n")
    return _CONTROLS.sub("�", _ESCAPES.sub("", text))


def last_lines(path: Path, lines: int = TAIL_LINES) -> tuple[str, ...]:
    """The last lines of a file, made harmless; none where there is no file."""
    return tuple(harmless(raw) for _, raw in _tail(path, lines, TAIL_BYTES))


def last(folder: Path, lines: int) -> list[Written]:
    """The last *lines* of a service, oldest first."""
    found = [
        _written(path, offset, raw, _notes(path))
        for path in _files(folder)
        for offset, raw in _tail(path, lines, LONGEST_LINE * 64)
    ]
    return sorted(found, key=lambda one: one.at)[-lines:] if lines else []


def follow(folder: Path, every: float = 0.2) -> Iterator[Written | None]:
    """Whole lines as they come, from now on; None each time nothing has come."""
    ends = {path: path.stat().st_size for path in _files(folder)}
    while True:
        came = False
        for path in _files(folder):
            start = ends.get(path, 0)
            size = path.stat().st_size
            start = 0 if size < start else start  # It was copied away and cut.
            with path.open("rb") as file:
                file.seek(start)
                text = file.read(LONGEST_LINE * 16)
            whole = text[: text.rfind(b"\n") + 1]
            ends[path] = start + len(whole)
            for raw in whole.splitlines():
                came = True
                yield _now(path, raw)
        if not came:
            yield None
            time.sleep(every)


def moment(at: float) -> str:
    """Seconds since the epoch as RFC 3339 with zone."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _files(folder: Path) -> list[Path]:
    found = [path for stream in ("out", "err") for path in folder.glob(f"*.{stream}")]
    return sorted(path for path in found if _ID.fullmatch(path.stem))


def _tail(path: Path, lines: int, most: int) -> list[tuple[int, bytes]]:
    """The last lines with the offset at which each begins."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            start = file.seek(max(0, size - most))
            text = file.read(most)
    except FileNotFoundError:
        return []
    found, offset = [], start
    for raw in text.splitlines(keepends=True):
        found.append((offset, raw))
        offset += len(raw)
    return found[-lines:] if start == 0 or len(found) > lines else found[1:][-lines:]


def _notes(path: Path) -> list[tuple[int, float]]:
    """(size, time) as the supervisor noted them: what lies below a size was written before that time."""
    try:
        words = [line.split() for line in notes_of(path).read_text().splitlines()]
    except FileNotFoundError:
        return []
    return [(int(line[0]), float(line[1])) for line in words if len(line) == 2]


def notes_of(path: Path) -> Path:
    """The file that tells when *path* had which size."""
    return path.with_name(path.name + ".at")


def _written(path: Path, offset: int, raw: bytes, notes: list[tuple[int, float]]) -> Written:
    place = bisect_right(notes, (offset, float("inf")))
    at = notes[place][1] if place < len(notes) else path.stat().st_mtime
    return _now(path, raw)._replace(at=at)


def _now(path: Path, raw: bytes) -> Written:
    name = _ID.fullmatch(path.stem)
    release = int(name["release"]) if name else 0
    return Written(time.time(), path.stem, release, path.suffix[1:], harmless(raw))
