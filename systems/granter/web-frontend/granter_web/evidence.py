"""Evidence: where the words from which a field was read occur in the source's text."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from granter_web.grants import Provenance

LONGEST = 2_000
MOST_PARTS = 20
CUT = 100
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words of the source, the fields read from them, and the fields for which this is the first such stretch."""

    text: str
    fields: tuple[str, ...] = ()
    first_of: tuple[str, ...] = ()


Lines = list[list[Stretch]]


def shown_in(text: str, provenance: Mapping[str, Provenance]) -> Lines:
    """Return *text* as lines of stretches. Joining the stretches restores every line, whatever was read from it."""
    places = {name: _places(text, said.evidence) for name, said in provenance.items()}
    seen: set[str] = set()
    lines: Lines = []
    for line in re.finditer(r"[^\n]+", text):
        if line[0].strip():
            lines.append(_stretches(text, line.span(), places, seen))
    return lines


def found_in(lines: Lines) -> set[str]:
    """Return the fields whose words occur in the text."""
    return {name for line in lines for stretch in line for name in stretch.first_of}


def _stretches(text: str, line: tuple[int, int], places: Mapping[str, list[Place]], seen: set[str]) -> list[Stretch]:
    start, end = line
    every = (cut for found in places.values() for place in found for cut in place)
    cuts = {start, end, *(cut for cut in every if start < cut < end)}
    borders = sorted(cuts)
    stretches = []
    for left, right in itertools.pairwise(borders):
        fields = tuple(
            name for name, found in places.items() if any(begin <= left and right <= stop for begin, stop in found)
        )
        first = tuple(name for name in fields if name not in seen)
        seen.update(first)
        stretches.append(Stretch(text[left:right], fields, first))
    return stretches


def _places(text: str, words: str) -> list[Place]:
    """Return the places of *words*; if they do not occur together, as in a list of topics, the place of each."""
    whole = _place(text, words)
    if whole is not None:
        return [whole]
    parts = re.split(r"\s*[,;…]\s+", words[:LONGEST])[:MOST_PARTS]
    return [place for part in parts if len(parts) > 1 and (place := _place(text, part))]


def _place(text: str, words: str) -> Place | None:
    """Return the first place of *words* as whole words, however the source breaks its lines between them.

    If the words were truncated, with an ellipsis or at a length limit, the last may be the beginning of a word.
    """
    said = words[:LONGEST].strip(" …")
    parts = [re.escape(part) for part in said.split()]
    if not parts:
        return None
    end = "" if len(said) >= CUT else r"(?!\w)"
    pattern = r"(?<!\w)" + r"\s+".join(parts) + end
    found = re.search(pattern, text) or re.search(pattern, text, re.IGNORECASE)
    return found.span() if found else None
