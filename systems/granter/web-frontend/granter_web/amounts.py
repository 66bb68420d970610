"""Amounts of money as people write them, and a default for the currency when they name none."""

import re

DEFAULT_CURRENCY = "EUR"
MAX_AMOUNT = 10**12
_CURRENCY_OF = {
    "AU": "AUD", "BR": "BRL", "CA": "CAD", "CH": "CHF", "CO": "COP", "CZ": "CZK", "DK": "DKK", "GB": "GBP", "HU": "HUF",
    "IN": "INR", "JP": "JPY", "KE": "KES", "LI": "CHF", "MX": "MXN", "NO": "NOK", "NZ": "NZD", "PL": "PLN", "SE": "SEK",
    "US": "USD", "ZA": "ZAR",
}  # fmt: skip
_SIGNS = {"€": DEFAULT_CURRENCY, "£": "GBP", "$": "USD", "¥": "JPY", "₹": "INR"}
_CURRENCY_NAME = re.compile(rf"[€£$¥₹]|(?<![A-Z])(?:{'|'.join({DEFAULT_CURRENCY, *_CURRENCY_OF.values()})})(?![A-Z])")
_MULTIPLIERS = {
    "": 1,
    "k": 1_000,
    "thousand": 1_000,
    "tsd": 1_000,
    "m": 1_000_000,
    "mio": 1_000_000,
    "million": 1_000_000,
}
_AMOUNT = re.compile(
    r"(?:[€$£¥₹]|[a-z]{3}(?![a-z]))? ?(\d[\d .,'’_]*?)(?:[.,](\d{1,2}))? ?(k|thousand|tsd|mio|million|m)?\.?"
    r" ?(?:[€$£¥₹]|[a-z]{3})?",
    re.ASCII,
)


def parse_amount(text: str) -> int | None:
    """Return the amount in *text*, such as 50,000, 50.000, 50k, € 50'000 or 1.5 million, in whole units of a currency.

    None if the text is no amount, or one of 10^12 or more.
    """
    found = _AMOUNT.fullmatch(" ".join(text.casefold().split()))
    if found is None:
        return None
    digits = re.sub(r"\D", "", found[1])
    part = (found[2] or "").ljust(2, "0")
    value = int(digits + part) * _MULTIPLIERS[found[3] or ""] // 100 if len(digits) < 16 else MAX_AMOUNT
    return value if value < MAX_AMOUNT else None


def currency_in(text: str) -> str:
    """Return the currency that an amount names, as in £50k or 20 000 CHF; empty when it names none."""
    found = _CURRENCY_NAME.search(text.upper())
    return _SIGNS.get(found[0], found[0]) if found else ""


def currency_of(languages: str) -> str:
    """Return the currency of the first country in a browser's Accept-Language; EUR if it names none."""
    countries = re.findall(r"(?:^|,)\s*[A-Za-z]{2,3}-([A-Za-z]{2})\b", languages)
    return next((_CURRENCY_OF.get(country.upper(), DEFAULT_CURRENCY) for country in countries), DEFAULT_CURRENCY)
