"""Deadline: the day by which applicants must act next, or the fact that there is none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from granter_data.rules import deadline_terms as terms
from granter_data.rules.dates import Day, days_in
from granter_data.rules.page import Page

_CLOSED_REST = re.compile(r"(\s*([,–-]|since|for (new )?applications|seit|depuis|desde|dal|sinds).{0,80})?", re.I)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline. `day` is set only where `kind` is date; `text` is the notice's own words.

    A closed call has no day by which to act.
    """

    kind: Literal["date", "rolling", "closed", "unknown"] = "unknown"
    day: date | None = None
    text: str | None = None


def deadline_of(page: Page, *, month_first: bool) -> Deadline:
    """Return "closed" if the page states it, else a labelled day, else a day in a sentence, else rolling or unknown."""
    return (
        _closed(page)
        or _labelled(page, month_first=month_first)
        or _in_sentences(page, month_first=month_first)
        or _always(page.lines)
        or Deadline()
    )


def _closed(page: Page) -> Deadline | None:
    """Return a closed deadline if a sentence of the page states it; "after the call is closed" does not count."""
    for line in page.lines:
        for sentence in re.split(r"[.!?;]\s+", line):
            text = sentence.strip(" .!*–-")
            if (found := terms.CLOSED.match(text)) and _CLOSED_REST.fullmatch(text, found.end()):
                return Deadline("closed", None, _short(text))
    return None


def _labelled(page: Page, *, month_first: bool) -> Deadline | None:
    meta = [(name, value) for name, value in page.meta.items() if re.search(r"deadline|closing|expire", name)]
    # A deadline that was moved appears next to the one it replaces.
    pairs = sorted((*page.pairs, *meta), key=lambda pair: bool(terms.REPLACED.search(pair[0])))
    for wanted in (terms.LABEL, terms.PERIOD_LABEL):
        for label, value in pairs:
            if (
                len(label) > 60
                or not wanted.search(label)
                or (terms.OTHER_LABEL.search(label) and not terms.LABEL.search(label))
            ):
                continue
            days = list(days_in(value, month_first=month_first))
            if not days:
                if wanted is terms.LABEL and terms.UNDECIDED.search(value):
                    return Deadline("unknown", None, _short(value))
                if terms.ROLLING.search(value):
                    return Deadline("rolling", None, _short(value))
                continue
            day = _last_of_range(value, days) if wanted is terms.LABEL else days[-1]
            return Deadline("date", day.date, _short(value))
    return None


def _last_of_range(value: str, days: list[Day]) -> Day:
    """Return the first of *days*, or the second if the first two form a range in *value*, as in "from … to …"."""
    if len(days) > 1:
        between, before = value[days[0].end : days[1].start], value[: days[0].start]
        if re.fullmatch(r"\s*(–|-|—|to|until|till|through|bis|au|al|a|à)\s*(the )?", between, re.I) or re.search(
            r"\b(from|opens?|du|del|vom|de|desde)\W*$", before, re.I
        ):
            return days[1]
    return days[0]


def _in_sentences(page: Page, *, month_first: bool) -> Deadline | None:
    best: tuple[int, Deadline] | None = None
    for line in page.lines:
        for day, before, after in _with_surroundings(line, month_first=month_first):
            weight = _weight(before, after)
            if weight > 0 and (best is None or weight > best[0]):
                best = weight, Deadline("date", day.date, _short(before[-80:] + line[day.start : day.end]))
    return best[1] if best else None


def _with_surroundings(line: str, *, month_first: bool) -> Iterator[tuple[Day, str, str]]:
    last = 0
    for day in days_in(line, month_first=month_first):
        sentence = re.split(r"[!?;]\s|(?<!\b[ap]\.m)\.\s+(?=[A-ZÀ-Þ])", line[last : day.start])[-1]
        yield day, sentence[-140:], line[day.end : day.end + 60]
        last = day.end


def _weight(before: str, after: str) -> int:
    """Return how likely the day between *before* and *after* is a deadline, from 0 to 3. The nearest word decides."""
    if terms.AFTER.search(after):
        return 3
    strong = max((found.end() for found in terms.STRONG.finditer(before)), default=-1)
    weak = max((found.start() for found in terms.WEAK.finditer(before)), default=-1)
    other = max((found.end() for found in terms.OTHER.finditer(before)), default=-1)
    if strong > other:
        return 3
    if weak > other:
        return 2 if strong >= 0 or re.search(r"appl|propos|submi|bewerb|antr|candidat|solicit", before, re.I) else 1
    return 0


def _always(lines: tuple[str, ...]) -> Deadline | None:
    for line in lines:
        if found := terms.ROLLING.search(line):
            sentence = line[line.rfind(". ", 0, found.start()) + 1 :].split(". ")[0]
            return Deadline("rolling", None, _short(sentence))
    return None


def _short(text: str) -> str:
    text = text.strip(" .:;,–-")
    return text if len(text) <= 160 else "… " + text[-158:].split(maxsplit=1)[-1]
