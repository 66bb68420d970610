"""Query: the parameters that a search accepts, parsed from the query string."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal, get_args

from mainstay_kit import Problem

Sort = Literal["relevance", "deadline", "amount", "newest"]

ANY_CURRENCY = "ANY"
LONGEST = 200
MOST_AT_ONCE = 100
MOST_PAGES = 10_000
LARGEST_AMOUNT = Decimal(10) ** 13


class QueryRefused(Problem):
    """A parameter is invalid; the message names it and the values it may have."""

    def __init__(self, what: str) -> None:
        super().__init__(422, what)


@dataclass(frozen=True, slots=True)
class Query:
    words: str = ""
    topics: tuple[str, ...] = ()
    funder: str = ""
    region: str = ""
    min_amount: Decimal | None = None
    max_amount: Decimal | None = None
    currency: str = ""
    deadline_after: date | None = None
    deadline_before: date | None = None
    open_only: bool = False
    sort: Sort = "relevance"
    page: int = 1
    page_size: int = 20


def query_of(given: Mapping[str, str], topics: Sequence[str] = ()) -> Query:
    """Return the query for the *given* parameters; *topics* may be several. Unknown parameters are ignored."""
    return Query(
        words=_text(given.get("query", "")),
        topics=tuple(dict.fromkeys(filter(None, map(_text, topics)))),
        funder=_text(given.get("funder", "")),
        region=_text(given.get("region", "")),
        min_amount=_amount("min_amount", given.get("min_amount", "")),
        max_amount=_amount("max_amount", given.get("max_amount", "")),
        currency=_currency(given.get("currency", "")),
        deadline_after=_day("deadline_after", given.get("deadline_after", "")),
        deadline_before=_day("deadline_before", given.get("deadline_before", "")),
        open_only=given.get("open", "") in ("1", "true", "on"),
        sort=_sort(given.get("sort", "relevance")),
        page=_count("page", given.get("page", "1"), MOST_PAGES),
        page_size=_count("page_size", given.get("page_size", "20"), MOST_AT_ONCE),
    )


def _text(given: str) -> str:
    """Return the text without control characters: they are reserved to mark the hits in a snippet."""
    return "".join(c for c in given if c.isprintable()).strip()[:LONGEST]


def _currency(text: str) -> str:
    """Return the code of a currency; empty for `any`, which compares amounts as numbers whatever their currency."""
    code = _text(text).upper()
    return "" if code == ANY_CURRENCY else code


def _sort(text: str) -> Sort:
    for sort in get_args(Sort):
        if text == sort:
            return sort  # type: ignore[no-any-return]  # get_args forgets what it was given
    raise QueryRefused(f"sort is {text!r}; it may be {', '.join(get_args(Sort))}")


def _count(name: str, text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= most):
        raise QueryRefused(f"{name} is {text[:40]!r}; it may be a number from 1 to {most}")
    return int(text)


def _amount(name: str, text: str) -> Decimal | None:
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and 0 <= amount <= LARGEST_AMOUNT):
        raise QueryRefused(f"{name} is {text[:40]!r}; it may be a sum like 5000")
    return amount


def _day(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise QueryRefused(f"{name} is {text[:40]!r}; it may be a day like 2027-03-12") from wrong
