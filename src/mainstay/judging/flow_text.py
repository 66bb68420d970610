"""Replaces the placeholders of smoke flows: `{unique}`, `{password}`, `{version}` and values that steps have kept."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from mainstay.model import placeholders

Values = Mapping[str, object]


def fill(text: str, values: Values, written: Callable[[str], str] = str) -> str:
    """Return *text* with each placeholder replaced by its value in *values*, converted by *written*.

    Raises KeyError with the name of a placeholder that has no value.
    """
    names = {found.name for found in placeholders.found_in(text)}
    return placeholders.fill(text, {name: written(_text(values[name])) for name in names})


def fill_regex(text: str, values: Values) -> str:
    """Return the regular expression *text*, in which a replaced placeholder matches only its exact value."""
    return fill(text, values, re.escape)


def fill_all(part: Any, values: Values) -> Any:
    """Return the JSON value *part* with the placeholders in all its strings and keys replaced.

    A string that is only a placeholder becomes the value itself, so that a kept number stays a number.
    """
    match part:
        case str():
            only = next((found.name for found in placeholders.found_in(part) if found.written == part), None)
            return fill(part, values) if only is None else values[only]
        case dict():
            return {fill(key, values): fill_all(each, values) for key, each in part.items()}
        case list() | tuple():
            return [fill_all(each, values) for each in part]
    return part


def _text(value: object) -> str:
    """Return a kept value as it is written in an address or a header: a string without quotes, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
