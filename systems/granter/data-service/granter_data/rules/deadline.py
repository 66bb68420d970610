"""Deadline: the day on which applicants must act next, or that there is none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from granter_data.rules.dates import Day, days_in
from granter_data.rules.page import Page

_LABEL = re.compile(
    r"deadline|clos(es?|ing)\b|due\b|apply (by|before|until)|submi(t|ssion)|last (day|date)|end date"
    r"|applications? until"
    r"|frist|schluss|stichtag|date limite|clôture|échéance|fecha límite|plazo|cierre|prazo|data[- ]limite"
    r"|encerramento"
    r"|scadenza|sluit|cut-?off|expir",
    re.I,
)
_PERIOD_LABEL = re.compile(
    r"application (period|window)|call (period|dates)|window|open(s|ing)? (period|dates)?|dates?\b"
    r"|période|periodo|período"
    r"|zeitraum|timetable|submission period|convocatoria abierta",
    re.I,
)
_OTHER_LABEL = re.compile(
    r"publi|posted|updated|modified|start|opening date|decision|result|notif|duration|laufzeit|interview|webinar"
    r"|question|enquir|report|stand\b|aktualisiert|mis[e]? à jour|actualiza|atualiza",
    re.I,
)
_ROLLING = re.compile(
    r"\brolling\b|no (fixed |set |specific )?(closing date|deadline)|(open|accepted|considered|welcome"
    r"|apply|submit\w*)[^.]{0,40}"
    r"(all year|year[- ]round|at any time|throughout the year|continuously)|year[- ]round"
    r"|until (the )?funds? (is|are) "
    r"(exhausted|spent)|laufend|jederzeit|ganzjährig|fortlaufend|au fil de l.eau|en continu|à tout moment"
    r"|toute l.année|todo el año|en cualquier momento|plazo abierto|fluxo contínuo|em contínuo|a qualquer momento"
    r"|todo o ano|tutto l.anno|a sportello|doorlopend|hele jaar",
    re.I,
)
_STRONG = re.compile(
    r"deadline|clos(es?|ing|ed)\b|\bdue\b|no(t)? later than|at the latest|last (day|date|chance)|must (be"
    r"|reach|arrive)"
    r"|apply (by|before|until)|submit\w* .{0,40}(by|before|until)|received by|cut-?off"
    r"|bewerbungsschluss|einsendeschluss|antragsfrist|frist|spätestens|date limite|au plus tard|avant le"
    r"|clôture|clos\b"
    r"|fecha límite|antes del|a más tardar|plazo|cierr|prazo|data[- ]limite|encerra|scadenza|entro|uiterlijk|sluit",
    re.I,
)
_WEAK = re.compile(
    r"\b(by|until|before|till|ends?( on)?|to|through|bis|jusqu.au|hasta|até|fino al|tot|au|al)\s+\W*"
    r"((mid\w+|noon|\d\d?[:.h]\d*\s?\w*|close of business)[^.]{0,30})?"
    r"((on|the|el|le|il|zum|dia|día|of|am|des)\s)*"
    r"([^\W\d]+day,?\s|\w+tag,?\s(den\s)?|lundi |mardi |mercredi |jeudi |vendredi )?\W*$",
    re.I,
)
_OTHER = re.compile(
    r"publish|posted|updated|\bopens?\b|opened|launch|since|\bfrom\b|start|begin|began|announce|result"
    r"|decision|decide"
    r"|interview|webinar|session|briefing|notif|veröffentlicht|\bab\b|stand\b|publié|à partir|débute"
    r"|publicad|desde|a partir"
    r"|inicio|início|found|establish|born|last (changed|modified)|question|workshop|ceremony"
    r"|project(s)? (must|should) (end|finish)",
    re.I,
)
_AFTER = re.compile(
    r"^[^.]{0,20}\b(is|was|est|ist|es|é) (the |our |your )?(\w+ )?(deadline|closing|last day|cut-?off)", re.I
)


@dataclass(frozen=True, slots=True)
class Deadline:
    """`day` is set just where `kind` is date; `text` is the notice's own words."""

    kind: Literal["date", "rolling", "unknown"] = "unknown"
    day: date | None = None
    text: str | None = None


def deadline_of(page: Page, *, month_first: bool) -> Deadline:
    """What labelled values say, else what sentences say, else whether applications are always welcome."""
    return (
        _labelled(page, month_first=month_first)
        or _in_sentences(page, month_first=month_first)
        or _always(page.lines)
        or Deadline()
    )


def _labelled(page: Page, *, month_first: bool) -> Deadline | None:
    meta = [(name, value) for name, value in page.meta.items() if re.search(r"deadline|closing|expire", name)]
    for wanted in (_LABEL, _PERIOD_LABEL):
        for label, value in (*page.pairs, *meta):
            if len(label) > 60 or not wanted.search(label) or (_OTHER_LABEL.search(label) and not _LABEL.search(label)):
                continue
            days = list(days_in(value, month_first=month_first))
            if not days:
                if _ROLLING.search(value):
                    return Deadline("rolling", None, _short(value))
                continue
            day = _last_of_range(value, days) if wanted is _LABEL else days[-1]
            return Deadline("date", day.date, _short(value))
    return None


def _last_of_range(value: str, days: list[Day]) -> Day:
    """The first day named, or the second where both make a range: from … to …."""
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
    """How surely the day between is a deadline: the nearest word decides."""
    if _AFTER.search(after):
        return 3
    strong = max((found.end() for found in _STRONG.finditer(before)), default=-1)
    weak = max((found.start() for found in _WEAK.finditer(before)), default=-1)
    other = max((found.end() for found in _OTHER.finditer(before)), default=-1)
    if strong > other:
        return 3
    if weak > other:
        return 2 if strong >= 0 or re.search(r"appl|propos|submi|bewerb|antr|candidat|solicit", before, re.I) else 1
    return 0


def _always(lines: tuple[str, ...]) -> Deadline | None:
    for line in lines:
        if found := _ROLLING.search(line):
            sentence = line[line.rfind(". ", 0, found.start()) + 1 :].split(". ")[0]
            return Deadline("rolling", None, _short(sentence))
    return None


def _short(text: str) -> str:
    text = text.strip(" .:;,–-")
    return text if len(text) <= 160 else "… " + text[-158:].split(maxsplit=1)[-1]
