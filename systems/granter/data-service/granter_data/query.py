"""Query: the parameters that a search accepts, parsed from the query string."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal, get_args

from mainstay_kit import Problem

Sort = Literal["relevance", "deadline", "amount", "newest"]

ANY_CURRENCY = "ANY"
MAX_LENGTH = 200
MAX_PAGE_SIZE = 100
MAX_PAGES = 10_000
MAX_AMOUNT = Decimal(10) ** 13


class InvalidQuery(Problem):
    """A parameter is invalid; the message names it and the values it may have."""

    def __init__(self, message: str) -> None:
        super().__init__(422, message)


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


def query_of(parameters: Mapping[str, str], topics: Sequence[str] = ()) -> Query:
    """Return the query that *parameters* and *topics* describe. Ignores unknown parameters; raises InvalidQuery."""
    return Query(
        words=_text(parameters.get("query", "")),
        topics=tuple(dict.fromkeys(filter(None, map(_text, topics)))),
        funder=_text(parameters.get("funder", "")),
        region=_text(parameters.get("region", "")),
        min_amount=_amount("min_amount", parameters.get("min_amount", "")),
        max_amount=_amount("max_amount", parameters.get("max_amount", "")),
        currency=_currency(parameters.get("currency", "")),
        deadline_after=_day("deadline_after", parameters.get("deadline_after", "")),
        deadline_before=_day("deadline_before", parameters.get("deadline_before", "")),
        open_only=parameters.get("open", "") in ("1", "true", "on"),
        sort=_sort(parameters.get("sort", "relevance")),
        page=_count("page", parameters.get("page", "1"), MAX_PAGES),
        page_size=_count("page_size", parameters.get("page_size", "20"), MAX_PAGE_SIZE),
    )


def _text(parameters: str) -> str:
    """Return the text without control characters: they are reserved to mark the hits in a snippet."""
    return "".join(c for c in parameters if c.isprintable()).strip()[:MAX_LENGTH]


def _currency(text: str) -> str:
    """Return the code of a currency; empty for `any`, which compares amounts as numbers whatever their currency."""
    code = _text(text).upper()
    return "" if code == ANY_CURRENCY else code


def _sort(text: str) -> Sort:
    for sort in get_args(Sort):
        if text == sort:
            return sort  # type: ignore[no-any-return]  # get_args forgets what it was given
    raise InvalidQuery(f"sort is {text!r}; it may be {', '.join(get_args(Sort))}")


def _count(name: str, text: str, maximum: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= maximum):
        raise InvalidQuery(f"{name} is {text[:40]!r}; it may be a number from 1 to {maximum}")
    return int(text)


def _amount(name: str, text: str) -> Decimal | None:
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and 0 <= amount <= MAX_AMOUNT):
        raise InvalidQuery(f"{name} is {text[:40]!r}; it may be a sum like 5000")
    return amount


def _day(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidQuery(f"{name} is {text[:40]!r}; it may be a day like 2027-03-12") from error
