"""Topics: what a grant is for, from a fixed list, by the words for each topic in the notices' languages."""

from dataclasses import dataclass

from granter_data.rules.page import Page
from granter_data.rules.topic_terms import LABEL, terms_of

_IN_LABEL, _IN_TITLE, _IN_TEXT = 6, 4, 1
_SURE = 4
_SHARE = 0.5
MAX_TOPICS = 3


@dataclass(frozen=True, slots=True)
class Topics:
    names: tuple[str, ...]
    words: tuple[str, ...]
    """The words by which the topics were recognised."""


def topics_of(page: Page, title: str) -> Topics:
    """Return the topics that a labelled value names; else those whose words are most frequent in title and text.

    A labelled value may also be English: sites in other languages take their lists of subjects from elsewhere.
    """
    labelled = " ; ".join(value for label, value in page.pairs if LABEL.search(label))
    if labelled and (named := _named(labelled, page.language, "en")):
        return Topics(tuple(named)[:MAX_TOPICS], (labelled[:160],))
    text = "\n".join(line for line in page.lines if line != title)
    scores: dict[str, int] = {}
    words: dict[str, dict[str, None]] = {}
    for weight, part in ((_IN_TITLE, title), (_IN_TEXT, text)):
        for name, found in _named(part, page.language).items():
            scores[name] = scores.get(name, 0) + weight * len(found)
            words.setdefault(name, {}).update(found)
    if not scores:
        return Topics((), ())
    best = max(scores.values())
    ranked = sorted(scores, key=lambda name: -scores[name])
    kept = [name for name in ranked if scores[name] >= max(_SURE, best * _SHARE)] or ranked[:1]
    return Topics(
        tuple(kept[:MAX_TOPICS]), tuple(dict.fromkeys(word for name in kept[:MAX_TOPICS] for word in words[name]))[:8]
    )


def _named(text: str, *languages: str) -> dict[str, dict[str, None]]:
    """Return the topics whose words occur in *text*, with these words without duplicates, in the order of the list."""
    found = {
        name: dict.fromkeys(hit.group().casefold() for hit in terms.finditer(text))
        for name, terms in terms_of(*languages).items()
    }
    return {name: hits for name, hits in found.items() if hits}
