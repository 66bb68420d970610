"""Translate pydantic's errors into messages for operators, which suggest the known word nearest to an unknown one."""

import re
import types
from bisect import bisect
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache, partial
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from mainstay.manifest.base import Section
from mainstay.manifest.other_tools import INSTEAD
from mainstay.manifest.scalars import shown, unquoted
from mainstay.manifest.yaml_tree import Location

MOST_COMPARED = 100


class Violation(NamedTuple):
    """A mistake in a manifest, at a location in the tree of its values. Its line and column are not known yet."""

    location: Location
    code: str
    what: str
    remedy: str
    at_key: bool = False
    """Whether the message names the line of the key at `location`; False: the line of its value."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a remedy that names the *known* word nearest to *word*; if none is near, up to 20 known words."""
    words = _in_order(frozenset(known))
    at = bisect(words, word.lower(), key=str.lower)
    # Comparing is slow: a file with many names and as many mistakes would take the product of both. So only the names
    # that are next to *word* in alphabetical order are compared.
    few = words if len(words) <= MOST_COMPARED else words[max(0, at - MOST_COMPARED // 2) : at + MOST_COMPARED // 2]
    lowered = {each.lower(): each for each in few}
    near = get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{lowered[near[0]]}'?"
    return f"use one of: {', '.join(words[:20])}" if words else "none is declared"


@lru_cache(maxsize=32)
def _in_order(known: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(known, key=str.lower))


def from_pydantic(root: type[Section], error: Mapping[str, Any]) -> Violation:
    """Return pydantic's *error* about the section *root* as a violation."""
    location: Location = tuple(error["loc"])
    found, limits = error["input"], error.get("ctx", {})
    key = str(location[-1]) if location else ""
    at_value, at_key, seen = partial(Violation, location), partial(Violation, location, at_key=True), shown(found)
    if location and location[-1] == "[key]":
        return Violation(location[:-1], error["type"], limits["what"], limits["remedy"], at_key=True)
    match error["type"]:
        case "extra_forbidden":
            return _unknown_key(root, location)
        case "missing":
            remedy = f"add {key}: …"
            return Violation(location[:-1], "missing", f"'{key}' is missing", remedy, at_key=True)
        case "model_type" | "model_attributes_type" | "dict_type":
            if found is None:
                remedy = f"write its keys below '{key}:', or leave it out"
                return at_key("empty", f"'{key}' is empty", remedy)
            return at_value("not-a-mapping", f"expected a mapping, found {seen}", _as_mapping(key, found))
        case "tuple_type":
            return at_value("not-a-list", f"expected a list, found {seen}", _as_list(found))
        case "string_type":
            return at_value("not-a-text", f"expected text, found {seen}", _as_text(found))
        case "int_type" | "int_from_float" | "int_parsing":
            remedy = f"write {digits}" if (digits := unquoted(found)) else "write a whole number, like 2"
            return at_value("not-a-whole-number", f"expected a whole number, found {seen}", remedy)
        case "float_type" | "finite_number":
            return at_value("not-a-number", f"expected a number, found {seen}", "write a number, such as 0.5")
        case "bool_type":
            remedy = f"write {found}" if found in ("true", "false") else "write true or false"
            return at_value("not-a-bool", f"expected true or false, found {seen}", remedy)
        case "literal_error":
            known = [word.strip("' ") for word in limits["expected"].replace(" or ", ", ").split(",")]
            return at_value("not-one-of", f"{seen} is not known", did_you_mean(str(found), known))
        case "too_short":
            return at_key("empty", f"'{key}' is empty", f"write at least one below '{key}:'")
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            bound = next(iter(limits.values()))
            side = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}[next(iter(limits))]
            what = f"must be {side} {bound}, found {seen}"
            return at_value("out-of-range", what, f"write {bound}")
    if "what" in limits:
        return at_value(error["type"], limits["what"], limits["remedy"])
    return at_value("invalid", str(error["msg"]).lower(), "mainstay schema")


def _unknown_key(root: type[Section], location: Location) -> Violation:
    *above, name = map(str, location)
    section = _section_at(root, above)
    if name in section.later:
        return Violation(location, "not-yet", f"'{name}' does not work yet", section.later[name], at_key=True)
    known = [field.alias or word for word, field in section.model_fields.items()]
    remedy = INSTEAD.get(section.__name__, {}).get(name) or did_you_mean(name, known)
    return Violation(location, "unknown-key", f"unknown key '{name}'", remedy, at_key=True)


def _section_at(root: type[Section], location: Iterable[str]) -> type[Section]:
    """Return the section at *location*, which leads through sections, mappings and lists of sections."""
    found: Any = root
    for step in location:
        if get_origin(found) is None:
            annotations = {field.alias or word: field.annotation for word, field in found.model_fields.items()}
            found = _bare_type(annotations[step])
        else:
            found = _bare_type(get_args(found)[1 if get_origin(found) is dict else 0])
    section: type[Section] = found
    return section


def _bare_type(annotation: Any) -> Any:
    """Return the type inside `Annotated[…]` and `… | None`."""
    while get_origin(annotation) in (Annotated, Union, types.UnionType):
        annotation = get_args(annotation)[0]
    return annotation


def _as_mapping(key: str, found: object) -> str:
    if key == "health" and isinstance(found, str) and found.startswith("/"):
        return f"write health: {{ready: {found}}}"
    return f"write {key}: {{key: value}}"


def _as_list(found: object) -> str:
    if isinstance(found, str):
        words = (word if re.fullmatch(r"[A-Za-z./_][\w./=-]*", word) else f'"{word}"' for word in found.split())
        return f"write [{', '.join(words)}]"
    return "write [one, two]"


def _as_text(found: object) -> str:
    match found:
        case bool() | int() | float():
            return f'write "{shown(found)}"'
        case dict() if list(found.values()) == [None]:  # YAML reads {python} without quotes as a mapping.
            return f'write "{{{next(iter(found))}}}" with quotes'
    return 'write "text"'
