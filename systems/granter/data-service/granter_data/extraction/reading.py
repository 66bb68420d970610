"""Reading: a model's answer, accepted only as far as the words it quotes support it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from granter_data.extraction.extracted import By, Extracted
from granter_data.extraction.prompt import TOPICS
from granter_data.rules.amount import Amount
from granter_data.rules.dates import days_in
from granter_data.rules.deadline import Deadline
from granter_data.rules.money import sums_in
from granter_data.rules.notice import Notice, dollar_of, month_first_on
from granter_data.rules.page import Page
from granter_data.rules.region import known_region

LONGEST = 200
LARGEST = Decimal(10) ** 12


class Nonsense(Exception):
    """The model's answer is unusable; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class _Said:
    value: Any
    evidence: str


def read_answer(text: str) -> Mapping[str, Any]:
    """Return the JSON object in a model's *text*, with or without a code fence around it."""
    bare = re.sub(r"^\s*```(?:json)?\s*|\s*```\s*$", "", text)
    try:
        told = json.loads(bare)
    except (ValueError, RecursionError) as wrong:
        raise Nonsense("no JSON") from wrong
    if not isinstance(told, dict):
        raise Nonsense("no object")
    return told


def improved(notice: Notice, page: Page, told: Mapping[str, Any], by: By) -> Extracted:
    """Return *notice* with those fields of *told* whose evidence is on the page and supports the model's value."""
    text = _flat("\n".join((page.document_title, *page.headings, *page.lines)))
    said = {field: quoted for field, value in told.items() if (quoted := _quoted(value, text))}
    better: dict[str, Any] = {}
    if (title := said.get("title")) and (name := _name(title)):
        better["title"] = name
    if (funder := said.get("funder")) and (name := _name(funder)):
        better["funder"] = name
    if (when := said.get("deadline")) and (deadline := _deadline(when, page)):
        better["deadline"] = deadline
    if (much := said.get("amount")) and (amount := _amount(much, page)):
        better["amount"] = amount
    if (about := said.get("topics")) and (topics := _topics(about.value)):
        better["topics"] = topics
    if (where := said.get("region")) and (region := known_region(str(where.value))):
        better["region"] = region
    if not better:
        raise Nonsense("nothing that the notice bears out")
    evidence = dict(notice.evidence) | {field: said[field].evidence for field in better}
    who: dict[str, By] = {field: by if field in better else "rules" for field in evidence}
    return Extracted(replace(notice, **better, evidence=MappingProxyType(evidence)), who, ())


def _quoted(told: object, text: str) -> _Said | None:
    """Return a field whose evidence occurs in the text of the page, else None."""
    if not isinstance(told, dict) or told.get("value") is None:
        return None
    evidence = told.get("evidence")
    if not isinstance(evidence, str) or not 2 <= len(evidence) <= 600 or _flat(evidence) not in text:
        return None
    return _Said(told["value"], " ".join(evidence.split())[:LONGEST])


def _flat(text: str) -> str:
    return " ".join(re.findall(r"\w+|[^\w\s]", text.casefold()))


def _name(said: _Said) -> str | None:
    """Return the name if its own evidence contains it, else None."""
    if not isinstance(said.value, str):
        return None
    name = " ".join(said.value.split())
    return name if 2 < len(name) <= LONGEST and _flat(name) in _flat(said.evidence) else None


def _deadline(said: _Said, page: Page) -> Deadline | None:
    if said.value == "rolling":
        return Deadline("rolling", None, said.evidence)
    try:
        day = date.fromisoformat(str(said.value))
    except ValueError:
        return None
    quoted = days_in(said.evidence, month_first=month_first_on(page, dollar_of(page)))
    return Deadline("date", day, said.evidence) if day in {found.date for found in quoted} else None


def _amount(said: _Said, page: Page) -> Amount | None:
    if not isinstance(said.value, dict):
        return None
    least, most = _sum(said.value.get("min")), _sum(said.value.get("max"))
    currency = str(said.value.get("currency", "")).upper()
    named = list(sums_in(said.evidence, dollar=dollar_of(page)))
    known = {bound for found in named for bound in (found.least, found.most) if bound is not None}
    given = {bound for bound in (least, most) if bound is not None}
    if not given or not given <= known or currency not in {found.currency for found in named}:
        return None
    if least is not None and most is not None and least > most:
        return None
    return Amount(least, most, currency, said.evidence)


def _sum(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 < found < LARGEST else None


def _topics(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys(topic for topic in value if isinstance(topic, str) and topic in TOPICS))[:3]
