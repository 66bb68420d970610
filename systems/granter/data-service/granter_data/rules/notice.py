"""Notice: everything that the rules read from one page, with the words they read it from."""

import re
from dataclasses import dataclass
from types import MappingProxyType

from granter_data.rules.amount import Amount, amount_of
from granter_data.rules.classification import is_notice
from granter_data.rules.deadline import Deadline, deadline_of
from granter_data.rules.funder import funder_of
from granter_data.rules.page import Page, page_of
from granter_data.rules.region import region_of
from granter_data.rules.title import title_of
from granter_data.rules.topics import topics_of

_DOLLARS = {"CAD": r"\bCanad", "AUD": r"\bAustrali", "NZD": r"\bNew Zealand|\bAotearoa"}

_SENTENCE = 60


class NoNotice(Exception):
    """The page does not describe a grant."""


@dataclass(frozen=True, slots=True)
class Notice:
    title: str
    funder: str | None
    deadline: Deadline
    amount: Amount | None
    topics: tuple[str, ...]
    region: str | None
    language: str
    body: str
    summary: str
    evidence: MappingProxyType[str, str]
    """For each field that was found, the words it was read from."""


def read_notice(html: str, url: str) -> Notice:
    """Return the notice in *html*. Raises NoNotice, naming *url*, when there is none."""
    return notice_of(page_of(html), url)


def notice_of(page: Page, url: str) -> Notice:
    """Return the notice on *page*. Raises NoNotice, naming *url*, when there is none."""
    title = title_of(page)
    if title is None:
        raise NoNotice(f"{url} has no title")
    dollar = dollar_of(page)
    deadline = deadline_of(page, month_first=month_first_on(page, dollar))
    amount = amount_of(page, dollar=dollar)
    funder = funder_of(page, title)
    if not is_notice(page, title, funder, deadline, amount):
        raise NoNotice(f"{url} describes no grant: it names no funder, deadline or amount")
    lines = [line for line in page.lines if line not in (title, page.meta.get("og:site_name"))]
    # Labelled values are short; full sentences describe best what the grant is for.
    sentences = [line for line in lines if len(line) >= _SENTENCE] or lines
    topics, region = topics_of(page, title), region_of(page, title)
    evidence = {
        "title": title,
        "funder": _line_with(page, funder) if funder else None,
        "deadline": deadline.text,
        "amount": amount.text if amount else None,
        "topics": ", ".join(topics.words) or None,
        "region": region.words if region else None,
    }
    return Notice(
        title,
        funder,
        deadline,
        amount,
        topics.names,
        region.name if region else None,
        page.language,
        "\n".join(lines),
        " ".join(sentences),
        MappingProxyType({field: words for field, words in evidence.items() if words}),
    )


def dollar_of(page: Page) -> str:
    """Return the currency that a bare dollar sign means: that of a dollar country that the page mentions, else USD."""
    text = " ".join(page.lines)
    return next((code for code, country in _DOLLARS.items() if re.search(country, text)), "USD")


def month_first_on(page: Page, dollar: str) -> bool:
    """Return whether 03/12/2027 means the twelfth of March: the page states mm/dd, or is from the United States."""
    text = " ".join(page.lines)
    if re.search(r"\bmm/dd", text, re.I) or re.search(r"\bdd/mm", text, re.I):
        return bool(re.search(r"\bmm/dd", text, re.I))
    if re.search(r"[€£]|\bEUR\b|\bGBP\b", text) or page.language != "en":
        return False
    return dollar == "USD" and bool(re.search(r"\$|\bUSD\b|\bU\.?S\.?\b|United States|\b[A-Z]{2} \d{5}\b", text))


def _line_with(page: Page, name: str) -> str:
    """Return the sentence that contains *name*, or the name itself where only a meta tag has it."""
    line = next((line for line in page.lines if name in line), name)
    if len(line) <= 160:
        return line
    at = line.find(name)
    start = line.rfind(". ", 0, at) + 2 if ". " in line[:at] else 0
    return line[start : max(at + len(name), start + 160)]
