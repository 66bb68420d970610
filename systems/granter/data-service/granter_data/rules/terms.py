"""Terms: makes one pattern of a vocabulary, the words for one thing in all languages of the notices."""

import re


def any_of(terms: str, *, whole: bool = False) -> re.Pattern[str]:
    """Return a pattern of *terms*, regexes separated by ` | ` or newlines; *whole*: it matches entire texts only."""
    either = "|".join(term.strip() for term in re.split(r" \| |\n", terms) if term.strip())
    return re.compile(rf"^(?:{either})$" if whole else either, re.IGNORECASE)
