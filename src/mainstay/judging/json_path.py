"""Finds the values of a JSON document at a JSONPath."""

from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple


class JsonValues(NamedTuple):
    """The values at a path. `single`: whether the path can match at most one value."""

    values: tuple[Any, ...]
    single: bool


def values_at(document: object, path: str) -> JsonValues:
    """Return the values of *document* at *path*."""
    compiled = _compiled(path)
    return JsonValues(tuple(compiled.findall(document)), compiled.singular_query())


@lru_cache(maxsize=512)
def _compiled(path: str) -> Any:
    # Importing the library takes 30 ms, which every command that reads a plan would pay.
    return import_module("jsonpath").compile(path)
