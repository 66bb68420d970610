"""Money: every sum that a text names, with its bounds, in the forms that people write."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_CURRENCIES = {
    "EUR": "eur euros euro €",
    "USD": "us$ usd u.s.$ us-dollar us-dollars",
    "GBP": "gbp £ pounds pound libras",
    "CHF": "chf francs franken sfr",
    "CAD": "cad c$ ca$ can$",
    "AUD": "aud a$ au$",
    "NZD": "nzd nz$",
    "BRL": "brl r$ reais",
    "SEK": "sek", "NOK": "nok", "DKK": "dkk", "PLN": "pln zł", "CZK": "czk", "HUF": "huf",
    "JPY": "jpy ¥ yen", "INR": "inr ₹ rupees", "ZAR": "zar rand", "KES": "kes", "MXN": "mxn",
    "$": "$ dollars dollar dólares",
}  # fmt: skip
_CODE_OF = {form: code for code, forms in _CURRENCIES.items() for form in forms.split()}
_CURRENCY = "|".join(
    sorted((rf"{re.escape(f)}(?!\w)" if f[-1].isalpha() else re.escape(f) for f in _CODE_OF), key=len, reverse=True)
)
_SCALES = {
    1_000: "k thousand tsd tausend mille mil mila duizend",
    1_000_000: "m mn mio million millions millionen millón millones milhão milhões milione milioni miljoen",
    1_000_000_000: "bn billion billions mrd milliarden milliards",
}
_SCALE_OF = {word: scale for scale, words in _SCALES.items() for word in words.split()}
_SCALE = "|".join(sorted(map(re.escape, _SCALE_OF), key=len, reverse=True))
_NUMBER = r"\d{1,3}(?:(?:[.,'’\u00a0\u202f]|\s)\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d{1,3})?(?!\d)"


def _one(name: str) -> str:
    return (
        rf"(?:(?<!\w)(?P<before{name}>{_CURRENCY})\s?)?(?<![\d.,/-])(?P<number{name}>{_NUMBER})"
        rf"(?:,-|\.–)?(?:[\s-]?(?P<scale{name}>{_SCALE})(?:\.|(?=€|£|\$)|(?!\w)))?"
        rf"(?:\s?(?:de\s|d[’']|US\s|Swiss\s|Schweizer\s)?(?P<after{name}>{_CURRENCY}))?"
    )


_SUM = re.compile(
    rf"{_one('1')}(?:\s?(?:–|-|—|to|and|bis|und|à|et|a|e|y|hasta|até|ed|tot|en)\s?(?:up to\s)?{_one('2')})?",
    re.IGNORECASE,
)
_AT_MOST = re.compile(
    r"(up to|max(imum|imal|imum of|\.)?( of| de)?|(not|n.t) exceed(ing)?|no more than|not more than"
    r"|ceiling|at most|limit of"
    r"|bis zu|maximaal|maximal|höchstens|jusqu.à|plafond\w*( à| de)?|hasta|máxim[ao]( de)?|até|fino a|massimo|tot"
    r"|capped at|under)"
    r"( a maximum of| un máximo de| a| of| un total de| hauteur de| um máximo de)?\s*$",
    re.I,
)
_AT_MOST_AFAR = re.compile(
    r"\b(max\w*|ceiling|upper limit|höchst\w*|plafond|máxim\w*)\s([^\W\d]+\s){0,5}?"
    r"(is|of|beträgt|est de|es de|é de)\s*$",
    re.I,
)
_AT_LEAST = re.compile(
    r"(at least|minimum( of)?|min\.|from|starting at|starts? at|upwards of|mindestens|ab|au moins"
    r"|à partir de|desde|mínimo( de)?"
    r"|al menos|a partir de|no less than|not less than)\s*$",
    re.I,
)
_MOST_AFTER = re.compile(r"^\s?(\(?max(imum|imal|\.)?\b|at (the )?most|or less|ceiling)", re.I)
_LEAST_AFTER = re.compile(r"^\s?(\(?min(imum|\.)\b|or more|and above|upwards|\+)", re.I)
_NEAR = 150
"""Characters before and after a sum that may state which bound it is."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum or a range of sums; one bound may be open. `start` and `end` are its position in the text."""

    least: Decimal | None
    most: Decimal | None
    currency: str
    start: int
    end: int


def sums_in(text: str, *, dollar: str) -> Iterator[Sum]:
    """Yield the sums in *text*, in order; a bare dollar sign means *dollar*."""
    for found in _SUM.finditer(text):
        part = found.groupdict()
        marks = [part[m] for m in ("before1", "after1", "before2", "after2") if part[m]]
        if not marks:
            continue
        second = part["number2"] if part["before2"] or part["after2"] or part["after1"] is None else None
        if second and not (part["before1"] or part["after2"] or part["before2"]):
            second = None
        code = _CODE_OF[marks[0].casefold()]
        before, after = text[max(0, found.start() - _NEAR) : found.start()], text[found.end() : found.end() + _NEAR]
        least, most = _bounds(part, second, before, after)
        end = found.end() if second else found.end("after1") if part["after1"] else found.end()
        yield Sum(least, most, dollar if code == "$" else code, found.start(), end)


def _bounds(
    part: dict[str, str | None], second: str | None, before: str, after: str
) -> tuple[Decimal | None, Decimal | None]:
    first = _value(part["number1"] or "", part["scale1"])
    if second is not None:
        last = _value(second, part["scale2"])
        if part["scale1"] is None and part["scale2"] and first < 1000:
            first = _value(part["number1"] or "", part["scale2"])
        return min(first, last), max(first, last)
    if _AT_MOST.search(before) or _AT_MOST_AFAR.search(before) or _MOST_AFTER.search(after):
        return None, first
    if _AT_LEAST.search(before) or _LEAST_AFTER.search(after):
        return first, None
    return first, first


def _value(number: str, scale: str | None) -> Decimal:
    number = re.sub(r"\s", " ", number)
    grouped = re.fullmatch(r"(\d{1,3}(?:[.,'’ ]\d{3})+)(?:[.,](\d{1,2}))?", number)
    if grouped and not (scale and len(re.findall(r"[.,]", number)) == 1):
        plain = re.sub(r"\D", "", grouped[1]) + (f".{grouped[2]}" if grouped[2] else "")
    else:
        plain = number.replace(",", ".").replace(" ", "")
    return Decimal(plain) * (_SCALE_OF[scale.casefold()] if scale else 1)
