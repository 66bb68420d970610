"""The section `expect`: what the response to a step of a smoke flow must be."""

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from mainstay.manifest.base import Section, rule_error
from mainstay.manifest.scalars import SomeDuration, Text, WrittenFloat, WrittenInt, duration, shown
from mainstay.model.flow import Expectation, JsonExpectation
from mainstay.model.placeholders import fill, found_in

LONGEST_WITHIN_S = 60.0
_COMPARISONS = ("at_least", "at_most", "matches", "exists", "count")
_LIMITS = ("at_least", "at_most")


def plain(value: Any) -> Any:
    """Return *value*, which comes from a YAML file, as JSON has it: lists instead of tuples, and plain numbers."""
    match value:
        case dict():
            return {str(key): plain(each) for key, each in value.items()}
        case tuple() | list():
            return [plain(each) for each in value]
        case WrittenInt():
            return int(value)
        case WrittenFloat():
            return float(value)
    return value


def _statuses(value: object) -> object:
    every = value if isinstance(value, tuple) else (value,)
    for each in every:
        if isinstance(each, bool) or not isinstance(each, int) or not 100 <= each <= 599:
            raise rule_error("bad-status", f"{shown(each)} is not a status", "write 200, or a list like [200, 204]")
    if not every:
        raise rule_error("empty", "'status' is empty", "write 200, or a list like [200, 204]")
    return tuple(int(each) for each in every)


def _regex(value: str) -> str:
    try:
        re.compile(_without_placeholders(value))
    except (re.error, RecursionError, OverflowError) as error:
        what = f"{shown(value)} is not a regular expression: {error}"
        raise rule_error("bad-regex", what, "correct it, or write \\ before special characters") from None
    return value


def _json_path(value: str) -> str:
    # Importing the library takes 30 ms, which manifests without smoke flows must not pay.
    library = import_module("jsonpath")
    try:
        library.compile(_without_placeholders(value))
    except library.JSONPathError as error:
        what = f"{shown(value)} is not a JSONPath: {str(error).splitlines()[0]}"
        raise rule_error("bad-json-path", what, "write $.key, $.list[0] or $.list[*].key") from None
    return value


def _without_placeholders(text: str) -> str:
    return fill(text, {found.name: "x" for found in found_in(text)})


def _json_value(value: Any) -> Any:
    if not isinstance(value, dict):
        return {"equals": plain(value)}
    if not value or not set(value) & set(_COMPARISONS):
        known = ", ".join(_COMPARISONS)
        what = f"expected a value or comparisons, found {'{}' if not value else ', '.join(map(repr, value))}"
        raise rule_error("unknown-comparison", what, f"use a value, or one of: {known}")
    for name, wanted in value.items():
        _comparison(name, wanted)
    return plain(value)


def _comparison(name: str, wanted: Any) -> None:
    match name:
        case "at_least" | "at_most" if isinstance(wanted, int | float) and not isinstance(wanted, bool):
            return
        case "exists" if isinstance(wanted, bool):
            return
        case "matches" if isinstance(wanted, str):
            _regex(wanted)
            return
        case "count" if isinstance(wanted, int) and not isinstance(wanted, bool):
            return
        case "count" if isinstance(wanted, Mapping) and wanted and set(wanted) <= set(_LIMITS):
            for limit in wanted.items():
                _comparison(*limit)
            return
    if name not in _COMPARISONS:
        raise rule_error("unknown-comparison", f"unknown comparison '{name}'", f"use one of: {', '.join(_COMPARISONS)}")
    example = {"exists": "true", "matches": '"^ok$"', "count": "{at_least: 1}"}.get(name, "1")
    raise rule_error("bad-comparison", f"'{name}' cannot be {shown(wanted)}", f"write {name}: {example}")


def _within(value: float) -> float:
    if value > LONGEST_WITHIN_S:
        raise rule_error("out-of-range", f"must be at most 1m, found {duration(value)}", "write 1m")
    return value


Statuses = Annotated[tuple[int, ...], BeforeValidator(_statuses)]
Regex = Annotated[str, AfterValidator(_regex)]
JsonPath = Annotated[str, AfterValidator(_json_path)]


class BodySection(Section):
    """What the body of a response, decoded as text, must contain."""

    contains: Text = Field(default="", examples=["Welcome"])
    """A string that the body must contain."""

    matches: Regex = Field(default="", examples=["order [0-9]+"])
    """A regular expression that must match a part of the body."""


class ExpectSection(Section):
    """What the response to a request must be. It must meet every key that is given."""

    status: Statuses = Field(default=(), examples=[200])
    """The status, or a list of allowed statuses. Default: every status is accepted."""

    json_: dict[JsonPath, Annotated[object, BeforeValidator(_json_value)]] = Field(
        default={}, alias="json", examples=[{"$.total": {"at_least": 1}}]
    )
    """What the JSON body must have at each JSONPath (RFC 9535): a value, or comparisons. `at_least`, `at_most`: limits
    of a number · `matches`: a regular expression that must match a part of the string · `exists`: true or false ·
    `count`: the length of a list, or the number of values if the path leads to several; it is a number, or
    `{at_least, at_most}`."""

    header: dict[str, Text] = Field(default={}, examples=[{"Content-Type": "application/json"}])
    """Headers that the response must have, with their values. `application/json` also accepts
    `application/json; charset=utf-8`."""

    body: BodySection = Field(default=BodySection(), examples=[{"contains": "Welcome"}])
    """What the body, as text, must contain."""

    within: Annotated[SomeDuration, AfterValidator(_within)] | None = Field(default=None, examples=["2s"])
    """Time within which the response must be as expected, at most 1m. Until then, Mainstay repeats a GET whose response
    is different, but not after a status of 500 or more. Default: 10s, without repeating."""

    def to_expectation(self) -> Expectation:
        return Expectation(
            status=self.status,
            json=tuple(JsonExpectation(path, comparisons) for path, comparisons in self.json_.items()),  # type: ignore[arg-type]  # `_json_value` returns mappings
            headers=dict(self.header),
            body_contains=self.body.contains,
            body_matches=self.body.matches,
            within_s=self.within or 0.0,
        )
