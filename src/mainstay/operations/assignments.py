"""Parse the `NAME=VALUE` assignments of `set` from its arguments or from a file in dotenv syntax."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from dotenv.parser import Binding, parse_stream

from mainstay.errors import BadInput, Mistake, Place

LARGEST_BYTES = 1_000_000


class Assignment(NamedTuple):
    """One `NAME=VALUE`, with its place: the number of the argument, or the line of a file."""

    name: str
    value: str
    place: Place


class Assignments(NamedTuple):
    """The assignments that could be parsed, and one mistake for each that could not."""

    given: tuple[Assignment, ...] = ()
    mistakes: tuple[Mistake, ...] = ()


def from_arguments(words: Iterable[str]) -> Assignments:
    """Parse *words*, the arguments of `set`. A word without `=` is a mistake."""
    given, mistakes = [], []
    for number, word in enumerate(words, 1):
        name, equals, value = word.partition("=")
        place = Place(f"argument {number}")
        if not equals:
            # The message does not repeat the argument, because it may be a value.
            mistakes.append(Mistake("no-value", "not NAME=VALUE", "write mainstay set NAME=VALUE", place))
        else:
            given.append(Assignment(name, value, place))
    return Assignments(tuple(given), tuple(mistakes))


def from_file(path: Path) -> Assignments:
    """Parse the file *path*. Nothing in it is expanded: `$` and `{` are literal. A name without `=` is a mistake.

    Raises BadInput when the file cannot be read, has more than `LARGEST_BYTES`, or is not UTF-8.
    """
    given, mistakes = [], []
    for each in parse_stream(io.StringIO(_text(path))):
        place = Place(str(path), _line(each))
        if each.key is not None and each.value is not None:
            given.append(Assignment(each.key, each.value, place))
        elif each.key is not None or each.error:
            mistakes.append(Mistake("no-value", "not NAME=VALUE", "write NAME=VALUE", place))
    return Assignments(tuple(given), tuple(mistakes))


def _line(binding: Binding) -> int:
    """Return the line number of the name. The parser returns the number of the first empty line before the name."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as trouble:
        what = f"cannot read {path}: {trouble.strerror}"
        raise BadInput(what, remedy=f"ls -l {path.parent}", code="file-unreadable") from None
    if len(raw) > LARGEST_BYTES:
        what = f"{path} has {len(raw):,} bytes, the limit is {LARGEST_BYTES:,}"
        raise BadInput(what, remedy="split it into several files", code="too-large")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8", remedy="save it as UTF-8", code="not-utf8") from None
