"""Sums: amounts as people write them, and the currency they mean when they name none."""

import re

USUAL = "EUR"
LARGEST = 10**12
_CURRENCY_OF = {
    "AU": "AUD", "BR": "BRL", "CA": "CAD", "CH": "CHF", "CO": "COP", "CZ": "CZK", "DK": "DKK", "GB": "GBP", "HU": "HUF",
    "IN": "INR", "JP": "JPY", "KE": "KES", "LI": "CHF", "MX": "MXN", "NO": "NOK", "NZ": "NZD", "PL": "PLN", "SE": "SEK",
    "US": "USD", "ZA": "ZAR",
}  # fmt: skip
_SIGNS = {"€": USUAL, "£": "GBP", "$": "USD", "¥": "JPY", "₹": "INR"}
_NAMED = re.compile(rf"[€£$¥₹]|(?<![A-Z])(?:{'|'.join({USUAL, *_CURRENCY_OF.values()})})(?![A-Z])")
_TIMES = {"": 1, "k": 1_000, "thousand": 1_000, "tsd": 1_000, "m": 1_000_000, "mio": 1_000_000, "million": 1_000_000}
_WRITTEN = re.compile(
    r"(?:[€$£¥₹]|[a-z]{3}(?![a-z]))? ?(\d[\d .,'’_]*?)(?:[.,](\d{1,2}))? ?(k|thousand|tsd|mio|million|m)?\.?"
    r" ?(?:[€$£¥₹]|[a-z]{3})?",
    re.ASCII,
)


def sum_of(written: str) -> int | None:
    """Parse 50,000, 50.000, 50 000, 50k, € 50'000 or 1.5 million in whole units; None if it is no amount."""
    found = _WRITTEN.fullmatch(" ".join(written.casefold().split()))
    if found is None:
        return None
    digits = re.sub(r"\D", "", found[1])
    part = (found[2] or "").ljust(2, "0")
    value = int(digits + part) * _TIMES[found[3] or ""] // 100 if len(digits) < 16 else LARGEST
    return value if value < LARGEST else None


def currency_in(written: str) -> str:
    """Return the currency that an amount names, as in £50k or 20 000 CHF; empty when it names none."""
    found = _NAMED.search(written.upper())
    return _SIGNS.get(found[0], found[0]) if found else ""


def currency_of(languages: str) -> str:
    """Return the currency of the first country in a browser's Accept-Language."""
    countries = re.findall(r"(?:^|,)\s*[A-Za-z]{2,3}-([A-Za-z]{2})\b", languages)
    return next((_CURRENCY_OF.get(country.upper(), USUAL) for country in countries), USUAL)
