"""Evidence: where in the source's text the words stand from which a field was read."""

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
    """Words of the source, the fields that were read from them, and those of which it is the first such word."""

    text: str
    fields: tuple[str, ...] = ()
    first_of: tuple[str, ...] = ()


Lines = list[list[Stretch]]


def shown_in(text: str, provenance: Mapping[str, Provenance]) -> Lines:
    """*text* as lines of stretches. What joined together gives every line again, whatever was read from it."""
    places = {name: _places(text, said.evidence) for name, said in provenance.items()}
    seen: set[str] = set()
    lines: Lines = []
    for line in re.finditer(r"[^\n]+", text):
        if line[0].strip():
            lines.append(_stretches(text, line.span(), places, seen))
    return lines


def found_in(lines: Lines) -> set[str]:
    """The fields whose words stand in the text."""
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
    """Where *words* stand; of words that do not stand together, a list of topics say, where each of them does."""
    whole = _place(text, words)
    if whole is not None:
        return [whole]
    parts = re.split(r"\s*[,;…]\s+", words[:LONGEST])[:MOST_PARTS]
    return [place for part in parts if len(parts) > 1 and (place := _place(text, part))]


def _place(text: str, words: str) -> Place | None:
    """The first place of *words* as whole words, however the source breaks its lines between them.

    Of words that were cut, with dots or after so many letters, the last may be the beginning of one.
    """
    said = words[:LONGEST].strip(" …")
    parts = [re.escape(part) for part in said.split()]
    if not parts:
        return None
    end = "" if len(said) >= CUT else r"(?!\w)"
    pattern = r"(?<!\w)" + r"\s+".join(parts) + end
    found = re.search(pattern, text) or re.search(pattern, text, re.IGNORECASE)
    return found.span() if found else None
