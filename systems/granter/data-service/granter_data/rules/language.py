"""Language of a page: the one it declares, or the one its function words indicate."""

import re
from collections import Counter

_WORDS = {
    "en": "the and of to for with is are by this will be from which that your",
    "de": "der die das und für mit ist sind von werden eine auf zum zur nicht bis",
    "fr": "le la les de des et pour avec est sont du une dans sur aux par au vous",
    "es": "el la los las de y para con es son del una por en se su al hasta",
    "pt": "os as a o de e para com é são do da uma por em se ao dos até",
    "it": "il la gli le i e per con è sono del della una di da al entro che",
    "nl": "de het een en voor met is zijn van op te door aan tot wordt niet",
}
_FUNCTION_WORDS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_SHARED_BY = Counter(word for words in _FUNCTION_WORDS.values() for word in words)
"""The number of languages that have a word: a word of many languages indicates little."""


def language_of(declared: str, lines: tuple[str, ...]) -> str:
    """Return the language's two-letter code; English where there is no indication."""
    if code := re.match(r"[a-z]{2}(?![a-z])", declared.strip().casefold()):
        return code[0]
    words = Counter(re.findall(r"[^\W\d_]+", " ".join(lines).casefold()))
    scores = {
        language: sum(words[word] / _SHARED_BY[word] for word in function_words)
        for language, function_words in _FUNCTION_WORDS.items()
    }
    return max(scores, key=lambda language: scores[language]) if any(scores.values()) else "en"
