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

MAX_LENGTH = 200
MAX_AMOUNT = Decimal(10) ** 12


class UnusableAnswer(Exception):
    """The model's answer is unusable; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class _Quoted:
    value: Any
    evidence: str


def read_answer(text: str) -> Mapping[str, Any]:
    """Return the JSON object in a model's *text*, with or without a code fence around it. Raises UnusableAnswer."""
    bare = re.sub(r"^\s*```(?:json)?\s*|\s*```\s*$", "", text)
    try:
        data = json.loads(bare)
    except (ValueError, RecursionError) as error:
        raise UnusableAnswer("no JSON") from error
    if not isinstance(data, dict):
        raise UnusableAnswer("no object")
    return data


def improved_notice(notice: Notice, page: Page, data: Mapping[str, Any], by: By) -> Extracted:
    """Return *notice* with those fields of *data* whose evidence is on the page and supports the model's value.

    Raises UnusableAnswer when there is no such field.
    """
    text = _flat("\n".join((page.document_title, *page.headings, *page.lines)))
    quoted = {field: quoted for field, value in data.items() if (quoted := _quoted(value, text))}
    better: dict[str, Any] = {}
    if (title := quoted.get("title")) and (name := _name(title)):
        better["title"] = name
    if (funder := quoted.get("funder")) and (name := _name(funder)):
        better["funder"] = name
    if (when := quoted.get("deadline")) and (deadline := _deadline(when, page)):
        better["deadline"] = deadline
    if (much := quoted.get("amount")) and (amount := _amount(much, page)):
        better["amount"] = amount
    if (about := quoted.get("topics")) and (topics := _topics(about.value)):
        better["topics"] = topics
    if (where := quoted.get("region")) and (region := known_region(str(where.value))):
        better["region"] = region
    if not better:
        raise UnusableAnswer("no field that the notice supports")
    evidence = dict(notice.evidence) | {field: quoted[field].evidence for field in better}
    readers: dict[str, By] = {field: by if field in better else "rules" for field in evidence}
    return Extracted(replace(notice, **better, evidence=MappingProxyType(evidence)), readers, ())


def _quoted(data: object, text: str) -> _Quoted | None:
    """Return a field whose evidence occurs in the text of the page, else None."""
    if not isinstance(data, dict) or data.get("value") is None:
        return None
    evidence = data.get("evidence")
    if not isinstance(evidence, str) or not 2 <= len(evidence) <= 600 or _flat(evidence) not in text:
        return None
    return _Quoted(data["value"], " ".join(evidence.split())[:MAX_LENGTH])


def _flat(text: str) -> str:
    return " ".join(re.findall(r"\w+|[^\w\s]", text.casefold()))


def _name(quoted: _Quoted) -> str | None:
    """Return the name if its own evidence contains it, else None."""
    if not isinstance(quoted.value, str):
        return None
    name = " ".join(quoted.value.split())
    return name if 2 < len(name) <= MAX_LENGTH and _flat(name) in _flat(quoted.evidence) else None


def _deadline(quoted: _Quoted, page: Page) -> Deadline | None:
    if quoted.value == "rolling":
        return Deadline("rolling", None, quoted.evidence)
    try:
        day = date.fromisoformat(str(quoted.value))
    except ValueError:
        return None
    days = days_in(quoted.evidence, month_first=month_first_on(page, dollar_of(page)))
    return Deadline("date", day, quoted.evidence) if day in {found.date for found in days} else None


def _amount(quoted: _Quoted, page: Page) -> Amount | None:
    if not isinstance(quoted.value, dict):
        return None
    least, most = _sum(quoted.value.get("min")), _sum(quoted.value.get("max"))
    currency = str(quoted.value.get("currency", "")).upper()
    named = list(sums_in(quoted.evidence, dollar=dollar_of(page)))
    known = {bound for found in named for bound in (found.least, found.most) if bound is not None}
    given = {bound for bound in (least, most) if bound is not None}
    if not given or not given <= known or currency not in {found.currency for found in named}:
        return None
    if least is not None and most is not None and least > most:
        return None
    return Amount(least, most, currency, quoted.evidence)


def _sum(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 < found < MAX_AMOUNT else None


def _topics(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys(topic for topic in value if isinstance(topic, str) and topic in TOPICS))[:3]
