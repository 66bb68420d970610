"""Wording: dates, sums, searches and waiting times as text for people."""

from datetime import date
from decimal import Decimal

from granter_web.grants import Amount
from granter_web.search_query import ANY_CURRENCY, SearchQuery

_SIGNS = {
    "EUR": "€",
    "GBP": "£",
    "USD": "$",
    "JPY": "¥",
    "INR": "₹",
    "CAD": "CA$",
    "AUD": "A$",
    "NZD": "NZ$",
    "BRL": "R$",
}
_LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "pt": "Portuguese",
    "it": "Italian", "nl": "Dutch",
}  # fmt: skip
_READERS = {"rules": "rules", "gemini": "Gemini", "openai": "OpenAI"}


def day_in_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def amount_in_words(amount: Amount | None) -> str | None:
    """Return what one applicant may receive, in words; None when the notice does not state it."""
    if amount is None or amount.currency is None or (amount.least is None and amount.most is None):
        return None
    if amount.least is None and amount.most is not None:
        return f"up to {_money(amount.most, amount.currency)}"
    if amount.most is None and amount.least is not None:
        return f"from {_money(amount.least, amount.currency)}"
    if amount.least == amount.most:
        return _money(amount.most, amount.currency)
    return f"{_money(amount.least, amount.currency)} – {_money(amount.most, amount.currency)}"


def language_in_words(code: str) -> str:
    return _LANGUAGES.get(code, code)


def reader_in_words(by: str) -> str:
    return _READERS.get(by, by)


def wait_in_words(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    if seconds < 5_400:
        return f"{-(-seconds // 60)} minutes"
    return f"{-(-seconds // 3600)} hours"


def unavailable_in_words(seconds: int) -> str:
    return f"The service is unavailable at the moment. Try again in {wait_in_words(seconds)}."


def chips_of(query: SearchQuery) -> list[tuple[str, SearchQuery]]:
    """Return the filters of *query* in words, each with the search that results from removing it."""
    filters = [
        (f"Topic: {query.topic}" if query.topic else "", ("topic",)),
        (f"Region: {query.region}" if query.region else "", ("region",)),
        (f"Funder: {query.funder}" if query.funder else "", ("funder",)),
        (_sums(query), ("least", "most", "currency")),
        (_days(query), ("after", "before")),
        ("Open calls only" if query.open_only else "", ("open_only",)),
    ]
    return [(words, query.without(*fields)) for words, fields in filters if words]


def search_in_words(query: SearchQuery) -> str:
    parts = [query.words, *(words for words, _ in chips_of(query))]
    return " · ".join(part for part in parts if part) or "All grants"


def _sums(query: SearchQuery) -> str:
    currency = f" {query.currency}" if query.currency else ""
    if query.currency == ANY_CURRENCY:
        currency = " in any currency" if query.least or query.most else ""
    least, most = (f"{int(sum_):,}" if sum_ else "" for sum_ in (query.least, query.most))
    if least and most:
        return f"{least} – {most}{currency}"
    if least or most:
        return f"{'From' if least else 'Up to'} {least or most}{currency}"
    return f"In {query.currency}" if query.currency not in ("", ANY_CURRENCY) else ""


def _days(query: SearchQuery) -> str:
    after, before = (day_in_words(date.fromisoformat(day)) if day else "" for day in (query.after, query.before))
    if after and before:
        return f"Closes {after} – {before}"
    if after or before:
        return f"Closes {'from' if after else 'by'} {after or before}"
    return ""


def _money(value: Decimal | None, currency: str) -> str:
    sign = _SIGNS.get(currency, f"{currency}\u00a0")
    number = value or Decimal(0)
    if number >= 1_000_000 and number % 10_000 == 0:
        return f"{sign}{(number / 1_000_000).normalize():f}\u00a0million"
    return f"{sign}{number:,.0f}" if number == int(number) else f"{sign}{number:,.2f}"
