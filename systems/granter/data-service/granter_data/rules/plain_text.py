"""Plain text: the lines a reader sees in a PDF's text, with columns, hyphenation and running heads removed."""

import re
from collections import Counter
from collections.abc import Iterator

from granter_data.rules.text import plain

_LEADERS = re.compile(r"\s*(?:\.\s?){4,}\s*|\s*_{3,}\s*|\t+")
_COLUMNS = re.compile(r"^\s*(?P<label>[^\W\d_][^:]{1,38}?):?\s{3,}(?P<value>\S.*)$")
_LABELLED = re.compile(r"^[^:.!?]{2,60}?\s*:\s")
_RUNNING = re.compile(
    r"^\W*(?:page|seite|página|pagina|p\.)?\s*\d{1,3}\s*(?:(?:of|von|de|sur|di|van|/)\s*\d{1,3})?\W*$", re.I
)
_ENDS = re.compile(r"[.!?:;]['\"”»)]?$")
_FULL = 50
_HEADS = 4


def plain_lines(text: str) -> Iterator[str]:
    """Yield the lines of *text*; lines that were broken only at the page width are joined."""
    rows = _without_running_heads(text)
    paragraph = ""
    width = 0
    for row in [*rows, ""]:
        continues = (
            bool(paragraph)
            and bool(row)
            and width >= _FULL
            and not _LABELLED.match(row)
            and not _ENDS.search(paragraph)
        )
        if continues or (paragraph and row and width >= _FULL and row[:1].islower()):
            paragraph = (
                paragraph[:-1] + row
                if re.search(r"[^\W\d_]-$", paragraph) and row[:1].islower()
                else f"{paragraph} {row}"
            )
        else:
            if line := plain(paragraph):
                yield line
            paragraph = row
        width = len(row)


def _without_running_heads(text: str) -> list[str]:
    """Return the rows of all pages without running heads, which recur on several pages, and without page numbers."""
    pages = [[_without_leaders(row) for row in page.splitlines()] for page in text.split("\x0c")]
    heads = Counter(next(filter(None, page), "") for page in pages)
    running = {head for head, count in heads.items() if count > 1}
    kept: list[str] = []
    for row in (row for page in pages for row in [*page, ""]):
        again = len(row) > 12 and row in kept
        if not (row in running or again or _RUNNING.match(row or "x")):
            kept.append(row)
    return kept


def heads_of(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return the title candidates: the first lines that are neither labelled nor sentences."""
    return tuple(
        line
        for at, line in enumerate(lines[:_HEADS])
        if len(line) <= 120 and not line.endswith(".") and (at == 0 or not _LABELLED.match(line))
    )


def _without_leaders(row: str) -> str:
    """Return a row without dot leaders, as label and value where it has both."""
    row = _LEADERS.sub(": ", row.rstrip(), count=1) if _LEADERS.search(row.strip()) else row
    if found := _COLUMNS.match(row):
        row = f"{found['label'].strip()}: {found['value']}"
    return re.sub(r":\s*:", ":", " ".join(row.split()))
