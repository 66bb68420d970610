"""Notice: all that the rules read from one page."""

import re
from dataclasses import dataclass

from granter_data.rules.amount import Amount, amount_of
from granter_data.rules.deadline import Deadline, deadline_of
from granter_data.rules.funder import funder_of
from granter_data.rules.page import Page, page_of
from granter_data.rules.title import title_of

_DOLLARS = {"CAD": r"\bCanad", "AUD": r"\bAustrali", "NZD": r"\bNew Zealand|\bAotearoa"}

_SENTENCE = 60


class NoNotice(Exception):
    """The page tells of no grant: it has no title, or neither funder nor deadline nor amount."""


@dataclass(frozen=True, slots=True)
class Notice:
    title: str
    funder: str | None
    deadline: Deadline
    amount: Amount | None
    language: str
    body: str
    summary: str


def read_notice(html: str, url: str) -> Notice:
    """Read the notice in *html*; *url* is named when there is none."""
    page = page_of(html)
    title = title_of(page)
    if title is None:
        raise NoNotice(f"{url} has no title")
    dollar = _dollar(page)
    deadline = deadline_of(page, month_first=_american(page, dollar))
    amount = amount_of(page, dollar=dollar)
    funder = funder_of(page, title)
    if funder is None and deadline.kind == "unknown" and amount is None:
        raise NoNotice(f"{url} tells of no funder, deadline or amount")
    lines = [line for line in page.lines if line not in (title, page.meta.get("og:site_name"))]
    # Labelled values are short; what is told in sentences tells best what the grant is for.
    told = [line for line in lines if len(line) >= _SENTENCE] or lines
    return Notice(title, funder, deadline, amount, page.language, "\n".join(lines), " ".join(told))


def _dollar(page: Page) -> str:
    """Whose dollar a bare sign means: the country that the page speaks of."""
    text = " ".join(page.lines)
    return next((code for code, country in _DOLLARS.items() if re.search(country, text)), "USD")


def _american(page: Page, dollar: str) -> bool:
    """Whether 03/12/2027 is the twelfth of March: as written in the United States, or as the page shows."""
    text = " ".join(page.lines)
    if re.search(r"\bmm/dd", text, re.I) or re.search(r"\bdd/mm", text, re.I):
        return bool(re.search(r"\bmm/dd", text, re.I))
    if re.search(r"[€£]|\bEUR\b|\bGBP\b", text) or page.language != "en":
        return False
    return dollar == "USD" and bool(re.search(r"\$|\bUSD\b|\bU\.?S\.?\b|United States|\b[A-Z]{2} \d{5}\b", text))
