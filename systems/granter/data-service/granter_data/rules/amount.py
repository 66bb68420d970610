"""Amount: what one applicant may receive, or the total where the notice states only the total."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from granter_data.rules.money import Sum, sums_in
from granter_data.rules.page import Page
from granter_data.rules.terms import any_of

_LABEL = any_of(
    r"""
    amount | award | grants?\b | funding | value | worth | size | per (project|grant|applicant|award)
    support | stipend | ^fee$ | salary | prize | förder(summe|höhe|betrag|ung) | zuschuss | höhe | betrag
    montant | dotation | subvention | aide | importe | dotación | cuantía | ayuda | monto | valor
    financiamento | apoio | importo | contributo | bedrag | subsidie | bourse | beca | bolsa | ceiling
    floor | how much | you can (get|apply for) | max | min
    """
)
_TOTAL = any_of(
    r"""
    total | overall | whole | programme budget | program budget | budget | pot\b | envelope | available
    pool | gesamt | topf | enveloppe | presupuesto | orçamento | global | fund size
    (anticipated|estimated|expected) (total )?(program(me)? )?funding | all projects | fund of | verba
    """
)
_OFFERED = any_of(
    r"""
    up to | grants? (of|from|between|up) | awards? (of|from|between|up)
    per (project|grant|applicant|award|organi|team|year|person) | each | worth | maximum | between | receive
    offer | apply for | request | individual | bis zu | zwischen | erhalten | je\b | pro\b | jusqu | entre
    par projet | chaque | hasta | por proyecto | cada | até | por projet | single | stipend | bursar
    fellowship
    """
)
_UNRELATED = any_of(
    r"""
    turnover | income | revenue | since \d | has (awarded|distributed|given|invested)
    have (awarded|distributed|given|invested) | last year | umsatz | chiffre d.affaires | facturación
    faturamento | overhead | (application|entry|registration|handling) fee | co-?financ | own contribution
    eigenanteil | matching | budgets? (below|under|over|above) | per (day|hour|night) | travel | endowment
    assets | annual budget | raised | already | so far | previous | \bgave\b | paid out | distributed | went to
    """
)
_NEAR = 70


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount. At least one bound is known; both are equal where the sum is fixed."""

    least: Decimal | None
    most: Decimal | None
    currency: str
    text: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    amount: Amount
    weight: int


def amount_of(page: Page, *, dollar: str) -> Amount | None:
    """Return the sum on the page that is most likely the amount, or None. *dollar*: the currency of a bare `$`."""
    candidates = [*_labelled(page, dollar), *_in_lines(page, dollar)]
    fitting = [candidate for candidate in candidates if candidate.weight > 0]
    if not fitting:
        return None
    best = max(fitting, key=lambda candidate: candidate.weight)
    return _completed(best, fitting)


def _labelled(page: Page, dollar: str) -> Iterator[_Candidate]:
    for label, value in page.pairs:
        if not (_LABEL.search(label) or _TOTAL.search(label)) or _UNRELATED.search(label):
            continue
        for found in sums_in(value, dollar=dollar):
            near = _around(value, found)
            weight = 4 if _TOTAL.search(label) and not re.search(r"\bper\b|each|award|max|min", label) else 9
            weight -= 5 * bool(_UNRELATED.search(near)) + 3 * bool(_TOTAL.search(near) and not _OFFERED.search(near))
            yield _Candidate(_amount(value, _bounded(label, found)), weight)


def _in_lines(page: Page, dollar: str) -> Iterator[_Candidate]:
    for line in page.lines:
        for found in sums_in(line, dollar=dollar):
            near = _around(line, found)
            weight = 3 + 3 * bool(_OFFERED.search(near)) - 2 * bool(_TOTAL.search(near))
            yield _Candidate(_amount(line, found), weight - 9 * bool(_UNRELATED.search(near)))


def _around(text: str, found: Sum) -> str:
    """Return the words near a sum, within its own clause."""
    clause = r"[.;!?]\s|,\s(?=while|but|and the)|\bfrom a\b|\bplus\b"
    before = re.split(clause, text[max(0, found.start - _NEAR) : found.start])[-1]
    after = re.split(r"[.;!?,]\s|\bplus\b|\b(?:from|out of|within) (?:a|the|an)\b", text[found.end : found.end + 45])[0]
    return before + "#" + after


def _bounded(label: str, found: Sum) -> Sum:
    """Return *found* as a lower or upper bound where a label such as "award ceiling" states which one it is."""
    if found.least is None or found.least != found.most:
        return found
    if re.search(r"max|ceiling|upper|höchst|plafond|máx|up to|limit", label):
        return replace(found, least=None)
    if re.search(r"\bmin|floor|lower|mindest|mín|from\b", label):
        return replace(found, most=None)
    return found


def _completed(best: _Candidate, others: list[_Candidate]) -> Amount:
    """Return the amount of *best*; if it lacks a bound, with that bound from another candidate of equal weight."""
    amount = best.amount
    for other in others:
        if other.weight < best.weight or other.amount.currency != amount.currency:
            continue
        found = other.amount
        if amount.least is None and found.most is None and (amount.most or 0) >= (found.least or 0):
            return replace(amount, least=found.least, text=_joined(found.text, amount.text))
        if amount.most is None and found.least is None and (found.most or 0) >= (amount.least or 0):
            return replace(amount, most=found.most, text=_joined(amount.text, found.text))
    return amount


def _joined(one: str, other: str) -> str:
    return one if one == other else f"{one}; {other}"


def _amount(text: str, found: Sum) -> Amount:
    """Return *found* as an amount, with up to about 60 characters of *text* before it and 40 after it."""
    start = text.rfind(" ", 0, found.start - 60) + 1 if found.start > 60 else 0
    end = text.find(" ", found.end + 40)
    shown = text[start:] if end < 0 else f"{text[start:end]} …"
    return Amount(found.least, found.most, found.currency, f"… {shown}" if start else shown)
