"""Query: what a caller may ask of a search, read from the words of its address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

Sort = Literal["relevance", "deadline", "newest"]

LONGEST = 200
MOST_AT_ONCE = 50


class QueryRefused(Exception):
    """A parameter makes no sense; the message names it and what it may be."""


@dataclass(frozen=True, slots=True)
class Query:
    words: str = ""
    sort: Sort = "relevance"
    open_only: bool = False
    closes_before: date | None = None
    page: int = 1
    size: int = 10


def query_of(given: Mapping[str, str]) -> Query:
    """The query that *given* parameters name. Unknown parameters are ignored: a newer caller may send them."""
    return Query(
        # Control characters are ours: they mark the hits in a snippet.
        words="".join(c for c in given.get("query", "") if c.isprintable()).strip()[:LONGEST],
        sort=_sort(given.get("sort", "relevance")),
        open_only=given.get("open", "") in ("1", "true"),
        closes_before=_day(given.get("closes_before", "")),
        page=_count("page", given.get("page", "1"), 10_000),
        size=_count("size", given.get("size", "10"), MOST_AT_ONCE),
    )


def _sort(text: str) -> Sort:
    for sort in get_args(Sort):
        if text == sort:
            return sort  # type: ignore[no-any-return]  # get_args forgets what it was given
    raise QueryRefused(f"sort is {text!r}; it may be {', '.join(get_args(Sort))}")


def _count(name: str, text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= most):
        raise QueryRefused(f"{name} is {text!r}; it may be a number from 1 to {most}")
    return int(text)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise QueryRefused(f"closes_before is {text!r}; it may be a day like 2027-03-12") from wrong
