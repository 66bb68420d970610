"""A visitor's search, as encoded in the address of the search page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from granter_web.amounts import currency_in, parse_amount

SORTS = {"relevance": "Best match", "deadline": "Deadline", "amount": "Amount", "newest": "Newest"}
CURRENCIES = (
    "EUR", "USD", "GBP", "CHF", "AUD", "BRL", "CAD", "COP", "CZK", "DKK", "HUF", "INR", "JPY", "KES", "MXN", "NOK",
    "NZD", "PLN", "SEK", "ZAR",
)  # fmt: skip
ANY_CURRENCY = "ANY"
"""The currency with which amounts are compared as numbers, whatever theirs; the default is the visitor's currency."""
MAX_LENGTH = 200
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
class SearchQuery:
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
        return f"/?{query_string}" if (query_string := self.query_string) else "/"

    @property
    def query_string(self) -> str:
        """Return the search as query-string parameters."""
        parts = {"q": self.words, **self.filters, "page": str(self.page) if self.page > 1 else ""}
        return urlencode({name: value for name, value in parts.items() if value})

    @property
    def filters(self) -> dict[str, str]:
        chosen = {name: getattr(self, field) for field, name in FILTERS.items()}
        chosen["open"] = "1" if self.open_only else ""
        chosen["sort"] = self.sort if self.sort != "relevance" else ""
        return {name: value for name, value in chosen.items() if value}

    @property
    def is_filtered(self) -> bool:
        return bool(self.filters.keys() - {"sort"})

    @property
    def amounts_in_one_currency(self) -> bool:
        return bool(self.least or self.most) and self.currency not in ("", ANY_CURRENCY)

    @property
    def amounts_without_currency(self) -> bool:
        return bool(self.least or self.most) and not self.currency

    def with_page(self, page: int) -> "SearchQuery":
        return replace(self, page=page)

    def with_currency(self, currency: str) -> "SearchQuery":
        return replace(self, currency=currency)

    def without(self, *fields: str) -> "SearchQuery":
        """Return page 1 of the same search with *fields* reset to their defaults."""
        defaults = SearchQuery()
        return replace(self, page=1, **{name: getattr(defaults, name) for name in fields})

    @property
    def unfiltered(self) -> "SearchQuery":
        return SearchQuery(self.words, self.sort)

    def backend_parameters(self) -> dict[str, str]:
        """Return the search as backend-core's query parameters, the form in which it is also saved."""
        return {**({"query": self.words} if self.words else {}), **self.filters}

    def page_parameters(self) -> dict[str, str]:
        return {**self.backend_parameters(), "page": str(self.page), "page_size": str(PAGE_SIZE)}


def parse_query(parameters: Mapping[str, str]) -> SearchQuery:
    """Return the search in a query string. A range with swapped bounds is reordered, lower bound first."""
    page = parameters.get("page", "1")
    least, most = _ordered(_amount(parameters.get("min_amount", "")), _amount(parameters.get("max_amount", "")), int)
    after, before = _ordered(
        _day(parameters.get("deadline_after", "")), _day(parameters.get("deadline_before", "")), str
    )
    return SearchQuery(
        words=_text(parameters.get("q", parameters.get("query", ""))),
        sort=parameters["sort"] if parameters.get("sort") in SORTS else "relevance",
        open_only=parameters.get("open") == "1",
        page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 5 and int(page) > 0 else 1,
        topic=_text(parameters.get("topic", "")),
        funder=_text(parameters.get("funder", "")),
        region=_text(parameters.get("region", "")),
        least=least,
        most=most,
        currency=_currency(parameters, has_amounts=bool(least or most)),
        after=after,
        before=before,
    )


def unreadable_values(parameters: Mapping[str, str]) -> list[str]:
    """Return a message for each amount and day in a query string that cannot be parsed."""
    amounts = (parameters.get(name, "").strip() for name in ("min_amount", "max_amount"))
    days = (parameters.get(name, "").strip() for name in ("deadline_after", "deadline_before"))
    return [
        *(
            f"“{_text(text)}” is not an amount: write it like 50,000 or 50k."
            for text in amounts
            if text and not _amount(text)
        ),
        *(f"“{_text(text)}” is not a day: write it like 2027-03-12." for text in days if text and not _day(text)),
    ]


def _ordered(low: str, high: str, value: Callable[[str], int | str]) -> tuple[str, str]:
    return (high, low) if low and high and sorted((low, high), key=value) != [low, high] else (low, high)


def _currency(parameters: Mapping[str, str], *, has_amounts: bool) -> str:
    """Return the chosen currency, else the one written next to an amount, else "". `ANY` without amounts is "" too."""
    chosen = parameters.get("currency", "").strip().upper()
    if chosen == ANY_CURRENCY and not has_amounts:
        return ""
    if len(chosen) == 3 and chosen.isascii() and chosen.isalpha():
        return chosen
    amounts = (parameters.get(name, "") for name in ("min_amount", "max_amount"))
    return next((named for text in amounts if _amount(text) and (named := currency_in(text))), "")


def _text(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()[:MAX_LENGTH].strip()


def _amount(text: str) -> str:
    value = parse_amount(text)
    return "" if value is None else str(value)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
