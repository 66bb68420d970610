"""Refuse files of an environment's state that another version of Mainstay wrote and this one cannot read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from mainstay.errors import StateUnreadable


class _Format(msgspec.Struct):
    format: int = 0


def require_format(text: bytes, wanted: int, file: Path, state: Path) -> None:
    """Raise StateUnreadable unless *text*, the JSON content of *file* in the folder *state*, has format *wanted*."""
    with decoding(file, state):
        found = msgspec.json.decode(text, type=_Format).format
    if found != wanted:
        raise StateUnreadable(file, f"it has format {found}, not {wanted}", state)


@contextmanager
def decoding(file: Path | str, state: Path | str) -> Iterator[None]:
    """Raise StateUnreadable, naming *file* and the state folder *state*, when the body cannot decode the file."""
    try:
        yield
    except (msgspec.DecodeError, LookupError) as reason:
        raise StateUnreadable(file, str(reason), state) from reason
