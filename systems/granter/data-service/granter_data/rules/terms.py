"""Terms: vocabularies of the notices' languages, as patterns."""

import re


def any_of(terms: str, *, whole: bool = False) -> re.Pattern[str]:
    """Finds any of *terms*, regular expressions with ` | ` or a new line between them; *whole*: nothing but one."""
    either = "|".join(term.strip() for term in re.split(r" \| |\n", terms) if term.strip())
    return re.compile(rf"^(?:{either})$" if whole else either, re.IGNORECASE)
