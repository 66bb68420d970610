"""Judges a response by the expectation of a smoke flow's step."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mainstay.judging.flow_text import Values, fill, fill_all, fill_regex
from mainstay.judging.json_path import JsonValues, values_at
from mainstay.model.flow import Expectation
from mainstay.model.http import HttpResponse

LONGEST_SHOWN = 120


class NoJson(Exception):
    """The body of a response is not a JSON document."""


def judge(response: HttpResponse, expect: Expectation, values: Values) -> tuple[str, ...]:
    """Return a sentence for each difference between *response* and *expect*, whose placeholders *values* replace."""
    return tuple(_differences(response, expect, values))


def document_of(response: HttpResponse) -> Any:
    """Return the JSON document in *response*. Raises NoJson when the body is no JSON."""
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        raise NoJson from None


def _differences(response: HttpResponse, expect: Expectation, values: Values) -> Iterator[str]:
    if expect.status and response.status not in expect.status:
        yield f"the status is {response.status}, not {' or '.join(map(str, expect.status))}"
    found = dict(response.headers)
    for name, wanted in expect.headers.items():
        text = fill(wanted, values)
        if not _is_header(found.get(name.lower()), text):
            yield f"the header {name} is {_shown(found.get(name.lower()))}, not {_shown(text)}"
    yield from _json(response, expect, values)
    body = response.body.decode(errors="replace")
    if expect.body_contains and fill(expect.body_contains, values) not in body:
        yield f"the body does not contain {_shown(fill(expect.body_contains, values))}"
    if expect.body_matches and not re.search(fill_regex(expect.body_matches, values), body):
        yield f"the body does not match {expect.body_matches}"
    if expect.within_s and response.took_s > expect.within_s:
        yield f"the response took {response.took_s:.2f} s, longer than {expect.within_s:g} s"


def _is_header(found: str | None, wanted: str) -> bool:
    """Return whether a header has the value *wanted*, disregarding parameters that only the response has."""
    return found is not None and (found == wanted or found.split(";")[0].strip() == wanted)


def _json(response: HttpResponse, expect: Expectation, values: Values) -> Iterator[str]:
    if not expect.json:
        return
    try:
        document = document_of(response)
    except NoJson:
        yield "the body is not JSON"
        return
    for each in expect.json:
        found = values_at(document, fill(each.path, values))
        for comparison, wanted in each.comparisons.items():
            if problem := _problem(found, comparison, wanted, values):
                yield f"{each.path} {problem}"


def _problem(found: JsonValues, comparison: str, wanted: Any, values: Values) -> str:
    """Return how the first wrong value differs from *wanted*; empty when every value is as wanted."""
    if comparison == "exists":
        return "" if bool(found.values) == wanted else "does not exist" if wanted else f"is {_shown(found.values[0])}"
    if comparison == "count":
        return _count(found, wanted)
    if not found.values:
        return "does not exist"
    wanted = fill_regex(wanted, values) if comparison == "matches" else fill_all(wanted, values)
    bad = [value for value in found.values if not _holds(value, comparison, wanted)]
    relation = {"equals": "", "at_least": "at least ", "at_most": "at most ", "matches": "matching "}[comparison]
    return f"is {_shown(bad[0])}, not {relation}{_shown(wanted)}" if bad else ""


def _count(found: JsonValues, wanted: int | Mapping[str, int]) -> str:
    """Return how the length of the list at a path, or the number of values at it, differs from *wanted*; empty: not."""
    if found.single and not (found.values and isinstance(found.values[0], list)):
        return f"is {_shown(found.values[0])}, not a list" if found.values else "does not exist"
    count = len(found.values[0]) if found.single else len(found.values)
    limits = {"equals": wanted} if isinstance(wanted, int) else wanted
    for comparison, limit in limits.items():
        if not _holds(count, comparison, limit):
            relation = {"equals": "", "at_least": "at least ", "at_most": "at most "}[comparison]
            return f"has {count} items, not {relation}{limit}"
    return ""


def _holds(value: Any, comparison: str, wanted: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match comparison:
        case "equals":
            # In Python, True == 1; in JSON, they differ.
            return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)
        case "at_least":
            return is_number and bool(value >= wanted)
        case "at_most":
            return is_number and bool(value <= wanted)
    return isinstance(value, str) and re.search(wanted, value) is not None


def _shown(value: object) -> str:
    if value is None:
        return "missing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
