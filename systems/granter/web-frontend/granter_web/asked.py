"""A visitor's search, as encoded in the address of the search page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from granter_web.sums import currency_in, sum_of

SORTS = {"relevance": "Best match", "deadline": "Deadline", "amount": "Amount", "newest": "Newest"}
CURRENCIES = (
    "EUR", "USD", "GBP", "CHF", "AUD", "BRL", "CAD", "COP", "CZK", "DKK", "HUF", "INR", "JPY", "KES", "MXN", "NOK",
    "NZD", "PLN", "SEK", "ZAR",
)  # fmt: skip
ANY_CURRENCY = "ANY"
"""The choice that compares amounts as numbers, whatever their currency; the default is the visitor's own currency."""
LONGEST = 200
PAGE_SIZE = 10
# Each filter's query parameter by its field; backend-core uses the same names.
FILTERS = {
    "topic": "topic",
    "funder": "funder",
    "region": "region",
    "least": "min_amount",
    "most": "max_amount",
    "currency": "currency",
    "after": "deadline_after",
    "before": "deadline_before",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A search. Every query string yields a valid search."""

    words: str = ""
    sort: str = "relevance"
    open_only: bool = False
    page: int = 1
    topic: str = ""
    funder: str = ""
    region: str = ""
    least: str = ""
    most: str = ""
    currency: str = ""
    after: str = ""
    before: str = ""

    @property
    def address(self) -> str:
        """Return the address of the page that shows this search; default values are left out."""
        return f"/?{said}" if (said := self.said) else "/"

    @property
    def said(self) -> str:
        """Return the search as query-string parameters."""
        parts = {"q": self.words, **self.filters, "page": str(self.page) if self.page > 1 else ""}
        return urlencode({name: value for name, value in parts.items() if value})

    @property
    def filters(self) -> dict[str, str]:
        chosen = {name: getattr(self, kept) for kept, name in FILTERS.items()}
        chosen["open"] = "1" if self.open_only else ""
        chosen["sort"] = self.sort if self.sort != "relevance" else ""
        return {name: value for name, value in chosen.items() if value}

    @property
    def narrowed(self) -> bool:
        return bool(self.filters.keys() - {"sort"})

    @property
    def sums_in_one_currency(self) -> bool:
        return bool(self.least or self.most) and self.currency not in ("", ANY_CURRENCY)

    @property
    def sums_without_currency(self) -> bool:
        return bool(self.least or self.most) and not self.currency

    def at(self, page: int) -> "Asked":
        return replace(self, page=page)

    def in_currency(self, currency: str) -> "Asked":
        return replace(self, currency=currency)

    def without(self, *kept: str) -> "Asked":
        """Return the same search with some of its fields reset to their defaults."""
        usual = Asked()
        return replace(self, page=1, **{name: getattr(usual, name) for name in kept})

    @property
    def unfiltered(self) -> "Asked":
        return Asked(self.words, self.sort)

    def of_backend(self) -> dict[str, str]:
        """Return the search as backend-core's query parameters, the form in which it is also saved."""
        return {**({"query": self.words} if self.words else {}), **self.filters}

    def of_page(self) -> dict[str, str]:
        return {**self.of_backend(), "page": str(self.page), "page_size": str(PAGE_SIZE)}


def asked_of(given: Mapping[str, str]) -> Asked:
    """Return the search in a query string. A range with swapped bounds is reordered, lower bound first."""
    page = given.get("page", "1")
    least, most = _in_order(_sum(given.get("min_amount", "")), _sum(given.get("max_amount", "")), int)
    after, before = _in_order(_day(given.get("deadline_after", "")), _day(given.get("deadline_before", "")), str)
    return Asked(
        words=_text(given.get("q", given.get("query", ""))),
        sort=given["sort"] if given.get("sort") in SORTS else "relevance",
        open_only=given.get("open") == "1",
        page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 5 and int(page) > 0 else 1,
        topic=_text(given.get("topic", "")),
        funder=_text(given.get("funder", "")),
        region=_text(given.get("region", "")),
        least=least,
        most=most,
        currency=_currency(given, sums=bool(least or most)),
        after=after,
        before=before,
    )


def misread(given: Mapping[str, str]) -> list[str]:
    """Return the amounts and days in a query string that cannot be parsed."""
    sums = (given.get(name, "").strip() for name in ("min_amount", "max_amount"))
    days = (given.get(name, "").strip() for name in ("deadline_after", "deadline_before"))
    return [
        *(
            f"“{_text(said)}” is not an amount: write it like 50,000 or 50k."
            for said in sums
            if said and not _sum(said)
        ),
        *(f"“{_text(said)}” is not a day: write it like 2027-03-12." for said in days if said and not _day(said)),
    ]


def _in_order(low: str, high: str, value: Callable[[str], int | str]) -> tuple[str, str]:
    return (high, low) if low and high and sorted((low, high), key=value) != [low, high] else (low, high)


def _currency(given: Mapping[str, str], *, sums: bool) -> str:
    """Return the chosen currency, else the one written beside an amount; without *sums*, `ANY` counts as none."""
    chosen = given.get("currency", "").strip().upper()
    if chosen == ANY_CURRENCY and not sums:
        return ""
    if len(chosen) == 3 and chosen.isascii() and chosen.isalpha():
        return chosen
    sums = (given.get(name, "") for name in ("min_amount", "max_amount"))
    return next((named for said in sums if _sum(said) and (named := currency_in(said))), "")


def _text(given: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in given).strip()[:LONGEST].strip()


def _sum(given: str) -> str:
    value = sum_of(given)
    return "" if value is None else str(value)


def _day(given: str) -> str:
    try:
        return date.fromisoformat(given).isoformat()
    except ValueError:
        return ""
