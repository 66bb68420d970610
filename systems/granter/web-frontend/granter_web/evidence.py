"""Evidence: where the words from which a field was read occur in the source's text."""

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
    """Words of the source, the fields read from them, and the fields for which this is the first such stretch."""

    text: str
    fields: tuple[str, ...] = ()
    first_of: tuple[str, ...] = ()


Lines = list[list[Span]]


def mark_evidence(text: str, provenance: Mapping[str, Provenance]) -> Lines:
    """Return *text* as lines of stretches. Joining the stretches restores every line, whatever was read from it."""
    ranges = {name: _ranges_of(text, quoted.evidence) for name, quoted in provenance.items()}
    seen: set[str] = set()
    lines: Lines = []
    for line in re.finditer(r"[^\n]+", text):
        if line[0].strip():
            lines.append(_spans(text, line.span(), ranges, seen))
    return lines


def marked_fields(lines: Lines) -> set[str]:
    """Return the fields whose words occur in the text."""
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
    """Return the places of *words*; if they do not occur together, as in a list of topics, the place of each."""
    joined = _range_of(text, words)
    if joined is not None:
        return [joined]
    parts = re.split(r"\s*[,;…]\s+", words[:MAX_LENGTH])[:MAX_PARTS]
    return [range_ for part in parts if len(parts) > 1 and (range_ := _range_of(text, part))]


def _range_of(text: str, words: str) -> Range | None:
    """Return the first place of *words* as whole words, however the source breaks its lines between them.

    If the words were truncated, with an ellipsis or at a length limit, the last may be the beginning of a word.
    """
    quoted = words[:MAX_LENGTH].strip(" …")
    parts = [re.escape(part) for part in quoted.split()]
    if not parts:
        return None
    end = "" if len(quoted) >= TRUNCATED_LENGTH else r"(?!\w)"
    pattern = r"(?<!\w)" + r"\s+".join(parts) + end
    found = re.search(pattern, text) or re.search(pattern, text, re.IGNORECASE)
    return found.span() if found else None
