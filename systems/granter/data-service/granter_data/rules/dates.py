"""Dates: every day that a text names, in the forms that people write."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_MONTHS = """
january jan januar janvier enero ene janeiro gennaio januari jänner
february feb februar février fevrier févr fevr febrero fevereiro fev febbraio februari
march mar märz maerz mär mrz mars marzo março marco maart mrt
april apr avril avr abril abr aprile
may mai mayo maio maggio mei
june jun juni juin junio junho giugno
july jul juli juillet juil julio julho luglio
august aug août aout agosto ago augustus
september sep sept septembre septiembre setembro set settembre
october oct okt oktober octobre octubre outubro out ottobre
november nov novembre noviembre novembro
december dec dez dezember décembre decembre déc diciembre dic dezembro dicembre
"""
_NUMBER_OF = {name: number for number, names in enumerate(_MONTHS.strip().splitlines(), 1) for name in names.split()}
_MONTH = "(?:" + "|".join(sorted(map(re.escape, _NUMBER_OF), key=len, reverse=True)) + r")(?![^\W\d_])\.?"
_YEAR = r"(?:20\d\d)"

_FORMS = re.compile(
    rf"""
      (?<![\d/.-])(?P<y1>{_YEAR})[-/.](?P<m1>\d{{1,2}})[-/.](?P<d1>\d{{1,2}})(?![\d/-])
    | (?<![\d/.,])(?P<d2>\d{{1,2}})(?:\s?(?:st|nd|rd|th|er|º|ª|o))?\.?[\s-]*(?:of\s+|de\s+|d[’'])?
      (?P<m2>{_MONTH})[\s,-]*(?:de\s+|del\s+|of\s+)?(?P<y2>{_YEAR})(?!\d)
    | (?<!\w)(?P<m3>{_MONTH})\s+(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?(?:\s*,\s*|\s+)(?P<y3>{_YEAR})(?!\d)
    | (?<![\d/.-])(?P<a4>\d{{1,2}})(?P<s4>[/.-])\s?(?P<b4>\d{{1,2}})(?P=s4)\s?(?P<y4>{_YEAR}|\d\d)(?![\d/-])
    | (?<!\w)(?P<m5>{_MONTH})\s+(?:de\s+)?(?P<y5>{_YEAR})(?!\d)
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day and its position in the text. A month without a day means its last day."""

    date: date
    start: int
    end: int


def days_in(text: str, *, month_first: bool) -> Iterator[Day]:
    """Yield the days in *text*, in order. *month_first* decides how 03/12/2027 is read where both readings exist."""
    for found in _FORMS.finditer(text):
        part = found.groupdict()
        if part["y1"]:
            day = _day(part["y1"], int(part["m1"]), int(part["d1"]))
        elif part["y2"]:
            day = _day(part["y2"], _month(part["m2"]), int(part["d2"]))
        elif part["y3"]:
            day = _day(part["y3"], _month(part["m3"]), int(part["d3"]))
        elif part["y5"]:
            year, month = int(part["y5"]), _month(part["m5"])
            day = date(year, month, monthrange(year, month)[1])
        else:
            day = _numeric(part, month_first=month_first and part["s4"] == "/")
        if day is not None:
            yield Day(day, found.start(), found.end())


def _numeric(part: dict[str, str | None], *, month_first: bool) -> date | None:
    first, second = int(part["a4"] or 0), int(part["b4"] or 0)
    year = part["y4"] or ""
    swapped = second > 12 or (month_first and first <= 12)
    return _day(year if len(year) == 4 else f"20{year}", *((first, second) if swapped else (second, first)))


def _day(year: str, month: int, day: int) -> date | None:
    try:
        return date(int(year), month, day)
    except ValueError:
        return None


def _month(name: str) -> int:
    return _NUMBER_OF[name.casefold().rstrip(".")]
