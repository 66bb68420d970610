"""Evidence: finds, in the text of a notice, the words that each field was read from."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from granter_web.grants import Provenance

MAX_LENGTH = 2_000
MAX_PARTS = 20
TRUNCATED_LENGTH = 100
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line, the fields that were read from it, and those fields of which it is the first evidence."""

    text: str
    fields: tuple[str, ...] = ()
    first_of: tuple[str, ...] = ()


Lines = list[list[Span]]


def mark_evidence(text: str, provenance: Mapping[str, Provenance]) -> Lines:
    """Return the lines of *text* that are not blank, each split into spans where evidence begins or ends."""
    ranges = {name: _ranges_of(text, quoted.evidence) for name, quoted in provenance.items()}
    seen: set[str] = set()
    lines: Lines = []
    for line in re.finditer(r"[^\n]+", text):
        if line[0].strip():
            lines.append(_spans(text, line.span(), ranges, seen))
    return lines


def marked_fields(lines: Lines) -> set[str]:
    """Return the names of the fields that have evidence in *lines*."""
    return {name for line in lines for span in line for name in span.first_of}


def _spans(text: str, line: tuple[int, int], ranges: Mapping[str, list[Range]], seen: set[str]) -> list[Span]:
    start, end = line
    all_cuts = (cut for found in ranges.values() for range_ in found for cut in range_)
    cuts = {start, end, *(cut for cut in all_cuts if start < cut < end)}
    borders = sorted(cuts)
    spans = []
    for left, right in itertools.pairwise(borders):
        fields = tuple(
            name for name, found in ranges.items() if any(begin <= left and right <= stop for begin, stop in found)
        )
        first = tuple(name for name in fields if name not in seen)
        seen.update(first)
        spans.append(Span(text[left:right], fields, first))
    return spans


def _ranges_of(text: str, words: str) -> list[Range]:
    """Return where *words* occur in *text*; if only parts do, as of a list of topics, where each part occurs."""
    joined = _range_of(text, words)
    if joined is not None:
        return [joined]
    parts = re.split(r"\s*[,;…]\s+", words[:MAX_LENGTH])[:MAX_PARTS]
    return [range_ for part in parts if len(parts) > 1 and (range_ := _range_of(text, part))]


def _range_of(text: str, words: str) -> Range | None:
    """Return where *words* first occur in *text*, with any white space between them; None where they do not.

    Only whole words match. But if *words* are 100 characters or more, they may have been cut off, and the last of them
    may be the beginning of a longer word.
    """
    quoted = words[:MAX_LENGTH].strip(" …")
    parts = [re.escape(part) for part in quoted.split()]
    if not parts:
        return None
    end = "" if len(quoted) >= TRUNCATED_LENGTH else r"(?!\w)"
    pattern = r"(?<!\w)" + r"\s+".join(parts) + end
    found = re.search(pattern, text) or re.search(pattern, text, re.IGNORECASE)
    return found.span() if found else None
