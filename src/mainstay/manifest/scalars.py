"""The types of single values in a manifest: names, strings, durations, sizes, percentages, ports and paths."""

import math
import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError, core_schema

from mainstay.manifest.base import rule_error
from mainstay.model.environment import NAME, NAME_RULE

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
LONGEST_SHOWN = 60
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
SIZE = re.compile(r"(\d+(?:\.\d+)?)(B|[kK]B|MB|GB|TB|[KMGT]iB?)")
_POWER = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_PERCENTAGE = re.compile(r"(\d+(?:\.\d+)?)%")


class Kind:
    """The validator, in `Annotated[str, Kind(…)]`, of a kind of target or datastore.

    It accepts the kinds that work, and those of later versions, which another rule refuses. The error for a misspelt
    kind suggests the nearest of all these kinds; the error for any other word suggests the kinds that work.
    """

    def __init__(self, of: str, working: Iterable[str], later: Iterable[str]) -> None:
        self._of, self._working = of, tuple(working)
        self._known = [*self._working, *later]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        known = core_schema.literal_schema(self._known)
        return core_schema.no_info_before_validator_function(self._checked, known)

    def _checked(self, value: object) -> object:
        if isinstance(value, str) and value not in self._known and not get_close_matches(value, self._known):
            remedy = f"write kind: {' or '.join(self._working)}"
            raise rule_error("not-one-of", f"{shown(value)} is not a kind of {self._of}", remedy)
        return value


class WrittenInt(int):
    """A whole number that remembers its text in the file, so that a key that takes a string can use this text."""

    written: str


class WrittenFloat(float):
    """A number with a fraction that remembers its text in the file."""

    written: str


def as_written(value: object) -> object:
    """Return a number as its text in the file, any other value unchanged.

    Raises PydanticCustomError for true and false.
    """
    if isinstance(value, bool):
        word = str(value).lower()
        raise rule_error("not-a-text", f"expected text, found {word}", f'write "{word}" with quotes')
    return value.written if isinstance(value, WrittenInt | WrittenFloat) else value


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise rule_error("bad-name", f"{value!r} is not a name", NAME_RULE)
    return value


def _variable(value: str) -> str:
    if not VARIABLE.fullmatch(value):
        raise rule_error("bad-name", f"{value!r} is not the name of a variable", "use letters, digits and '_'")
    return value


def _version(value: object) -> object:
    if isinstance(value, WrittenInt | WrittenFloat):
        read = f"{value:g}" if isinstance(value, float) else f"{value:d}"
        what = f"YAML reads {value.written} as the number {read}"
        raise rule_error("version-is-a-number", what, f'write "{value.written}" with quotes')
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", value):
        remedy = "use letters, digits and . _ + -, start with a letter or digit, at most 64 characters"
        raise rule_error("bad-version", f"{value!r} is not a version", remedy)
    return value


def seconds(value: object) -> object:
    """Return the number of seconds in a duration such as `30s`, `1h30m` or 0. Raises PydanticCustomError otherwise."""
    if isinstance(value, str) and DURATION.fullmatch(value):
        return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value == 0:
            return 0.0
        if math.isfinite(value) and value > 0:
            raise rule_error("bad-duration", f"{value:g} has no unit", f"write {value:g}s")
    raise rule_error("bad-duration", f"cannot read {shown(value)} as a duration", "use 500ms, 30s, 5m, 2h or 7d")


def duration(seconds: float) -> str:
    """Return *seconds* as a manifest writes a duration: `90s`, `2m`, `500ms`."""
    unit = next((unit for unit, size in reversed(_SECONDS.items()) if seconds and seconds % size == 0), "s")
    return f"{seconds / _SECONDS[unit]:g}{unit}"


def _some_seconds(value: float) -> float:
    if value <= 0:
        raise rule_error("bad-duration", "must be longer than 0", "use 500ms, 30s, 5m, 2h or 7d")
    return value


def size(value: object) -> object:
    """Return the number of bytes in a size such as `512Mi` or `10MB`. Raises PydanticCustomError otherwise."""
    found = SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found or float(found[1]) == 0:
        raise _unclear_size(value)
    unit = 1024 if "i" in found[2] else 1000
    return round(float(found[1]) * unit ** _POWER[found[2].rstrip("Bi").upper()])


def _unclear_size(value: object) -> PydanticCustomError:
    """Return the error for a size that cannot be parsed, or whose unit is ambiguous between tools (`512m`)."""
    found = re.fullmatch(r"([1-9]\d*)([kmgt])b?", value, re.IGNORECASE) if isinstance(value, str) else None
    if not found:
        return rule_error("bad-size", f"{shown(value)} is not a size", "use 512Mi, 4Gi or 10MB")
    number, unit = found[1], found[2].upper()
    remedy = f"write {number}{unit}i (powers of 1024) or {number}{'k' if unit == 'K' else unit}B (powers of 1000)"
    return rule_error("bad-size", f"{shown(value)} is ambiguous", remedy)


def percentage(value: object) -> object:
    """Return a percentage, written `5` or `70%`, as a number from 0 to 100. Raises PydanticCustomError otherwise."""
    if isinstance(value, str) and (found := _PERCENTAGE.fullmatch(value)):
        value = float(found[1])
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise rule_error("bad-percentage", f"{shown(value)} is not a percentage", "use a number from 0 to 100")
    return float(value)


def port(value: object) -> object:
    """Return *value* if it is a port, a whole number from 1 to 65535. Raises PydanticCustomError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65535:
        what = f"a port is a whole number from 1 to 65535, found {shown(value)}"
        given = unquoted(value)
        raise rule_error("bad-port", what, f"write {given if given and 1 <= int(given) <= 65535 else 8080}")
    return int(value)


def unquoted(value: object) -> str:
    """Return the digits of a whole number that was written as a string (`"8000"`); empty for anything else."""
    return str(int(value)) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value) else ""


def _http_path(value: str) -> str:
    if not value.startswith("/"):
        raise rule_error("bad-path", f"a path starts with '/', found {value!r}", f"write /{value}")
    return value


def shown(value: object) -> str:
    """Return *value* as messages show it: strings in quotes and shortened, `a mapping` or `a list` for these."""
    match value:
        case bool() | None:
            return {True: "true", False: "false", None: "nothing"}[value]
        case WrittenInt() | WrittenFloat():
            return value.written
        case str():
            return repr(value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…")
        case dict():
            return "a mapping"
        case tuple():
            return "a list"
    return str(value)


def _matches(pattern: re.Pattern[str], kind: str | list[str] = "string") -> WithJsonSchema:
    return WithJsonSchema({"type": kind, "pattern": f"^{pattern.pattern}$"})


Name = Annotated[str, AfterValidator(_name), _matches(NAME)]
VariableName = Annotated[str, AfterValidator(_variable), _matches(VARIABLE)]
Version = Annotated[str, BeforeValidator(_version), WithJsonSchema({"type": "string"})]
Text = Annotated[str, BeforeValidator(as_written), WithJsonSchema({"type": ["string", "number"]})]
Argv = tuple[Text, ...]
"""A program and its arguments, which run without a shell. Some keys allow placeholders in them (`placeholders.py`)."""
Duration = Annotated[float, BeforeValidator(seconds), _matches(DURATION, ["string", "integer"])]
"""A duration in seconds; a manifest has `30s`, for example, or the number 0."""
SomeDuration = Annotated[float, AfterValidator(_some_seconds), BeforeValidator(seconds), _matches(DURATION)]
"""A duration in seconds, longer than 0; a manifest has `30s`, for example."""
Size = Annotated[int, BeforeValidator(size), _matches(SIZE)]
"""A number of bytes; a manifest has `512Mi`, for example."""
Percentage = Annotated[float, BeforeValidator(percentage), WithJsonSchema({"type": ["number", "string"]})]
HttpPath = Annotated[str, AfterValidator(_http_path), WithJsonSchema({"type": "string", "pattern": "^/"})]
Port = Annotated[int, BeforeValidator(port), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 65535})]
