"""Languages whose words are stemmed; all others are searched as written. Mirrors `words_of` of the migrations."""

CONFIGURATIONS = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "pt": "portuguese",
    "it": "italian",
    "nl": "dutch",
}

WHERE_WORDS_MATCH = "({})".format(
    " or ".join(
        [
            f"language = '{code}' and search @@ websearch_to_tsquery('{configuration}', %(words)s)"
            for code, configuration in CONFIGURATIONS.items()
        ]
        + [
            "language not in ({}) and search @@ websearch_to_tsquery('simple', %(words)s)".format(
                ", ".join(f"'{code}'" for code in CONFIGURATIONS)
            )
        ]
    )
)

CONFIGURATION_OF_ROW = "(case language {} else 'simple' end)::regconfig".format(
    " ".join(f"when '{code}' then '{configuration}'" for code, configuration in CONFIGURATIONS.items())
)
