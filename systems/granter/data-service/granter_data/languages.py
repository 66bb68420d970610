"""Languages whose words are stemmed; all others are searched as written. Mirrors `words_of` of the migrations."""

import unicodedata

CONFIGURATIONS = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "pt": "portuguese",
    "it": "italian",
    "nl": "dutch",
}
_KNOWN = ", ".join(f"'{code}'" for code in CONFIGURATIONS)


def _query(configuration: str) -> str:
    return f"(websearch_to_tsquery('{configuration}', %(words)s) || websearch_to_tsquery('{configuration}', %(plain)s))"


def plain(words: str) -> str:
    """Return *words* without accents, as the migrations' `without_accents` does; empty when *words* has no accents."""
    letters = unicodedata.normalize("NFD", words)
    bare = unicodedata.normalize("NFC", "".join(letter for letter in letters if not "\u0300" <= letter <= "\u036f"))
    return "" if bare == words else bare


BRANCHES = (
    *((f"language = '{code}'", _query(name)) for code, name in CONFIGURATIONS.items()),
    (f"language not in ({_KNOWN})", _query("simple")),
)
"""For each index of words: the condition on the rows that it covers, and the searched words as a query of it."""

QUERY_OF_ROW = "(case language {} else {} end)".format(
    " ".join(f"when '{code}' then {_query(name)}" for code, name in CONFIGURATIONS.items()), _query("simple")
)
"""The searched words as a query in the language of the row. Postgres parses each query once per search, not per row."""

CONFIGURATION_OF_ROW = "(case language {} else 'simple' end)::regconfig".format(
    " ".join(f"when '{code}' then '{name}'" for code, name in CONFIGURATIONS.items())
)
