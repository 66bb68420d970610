"""Words: how dates and sums are said to people."""

from datetime import date
from decimal import Decimal

from granter_web.grants import Grant

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


def day_in_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def amount_in_words(grant: Grant) -> str | None:
    """What one may receive; None when the notice does not say."""
    if grant.currency is None or (grant.least is None and grant.most is None):
        return None
    if grant.least is None and grant.most is not None:
        return f"up to {_money(grant.most, grant.currency)}"
    if grant.most is None and grant.least is not None:
        return f"from {_money(grant.least, grant.currency)}"
    if grant.least == grant.most:
        return _money(grant.most, grant.currency)
    return f"{_money(grant.least, grant.currency)} – {_money(grant.most, grant.currency)}"


def language_in_words(code: str) -> str:
    return _LANGUAGES.get(code, code)


def _money(value: Decimal | None, currency: str) -> str:
    sign = _SIGNS.get(currency, f"{currency}\u00a0")
    number = value or Decimal(0)
    if number >= 1_000_000 and number % 10_000 == 0:
        return f"{sign}{(number / 1_000_000).normalize():f}\u00a0million"
    return f"{sign}{number:,.0f}" if number == int(number) else f"{sign}{number:,.2f}"
