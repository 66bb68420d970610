"""Units of the pages: query strings, evidence and wording."""

from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest
from granter_web.amounts import currency_of, parse_amount
from granter_web.evidence import mark_evidence, marked_fields
from granter_web.forms import is_proof, mask
from granter_web.grants import Amount, Provenance
from granter_web.hits import highlight
from granter_web.internal_urls import internal_url
from granter_web.search_query import SearchQuery, parse_query, unreadable_values
from granter_web.words import amount_in_words, search_in_words, wait_in_words
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TEXT = st.text(alphabet="ab \n,", max_size=60)


def provenance_of(evidence: str) -> Provenance:
    return Provenance("rules", NOW, evidence)


@given(TEXT, st.dictionaries(st.sampled_from(["title", "funder", "amount"]), TEXT.map(provenance_of)))
def test_marking_evidence_preserves_the_text(text: str, provenance: dict[str, Provenance]) -> None:
    lines = ["".join(stretch.text for stretch in line) for line in mark_evidence(text, provenance)]
    assert lines == [line for line in text.split("\n") if line.strip()]


def test_overlapping_evidence_belongs_to_both_fields() -> None:
    lines = mark_evidence(
        "up to EUR 5 by May", {"amount": provenance_of("to EUR 5"), "deadline": provenance_of("5 by May")}
    )
    assert [(stretch.text, stretch.fields) for stretch in lines[0]] == [
        ("up ", ()),
        ("to EUR ", ("amount",)),
        ("5", ("amount", "deadline")),
        (" by May", ("deadline",)),
    ]


def test_listed_words_are_marked_separately() -> None:
    lines = mark_evidence("The seas and the sea.\nWater!", {"topics": provenance_of("sea, water, ice")})
    marked = [stretch.text for line in lines for stretch in line if stretch.fields]
    assert marked == ["sea", "Water"]
    assert marked_fields(lines) == {"topics"}


@pytest.mark.parametrize(
    ("evidence", "marked"),
    [
        ("… the sea is deep and …", "the sea is deep and"),
        ("Of the sea " * 9 + "and the d", "Of the sea " * 9 + "and the d"),
    ],
    ids=["with dots", "after so many letters"],
)
def test_truncated_evidence_is_found(evidence: str, marked: str) -> None:
    lines = mark_evidence(
        "Of the sea " * 9 + "and the deep: the sea is deep and blue.", {"amount": provenance_of(evidence)}
    )
    assert [stretch.text for line in lines for stretch in line if stretch.fields] == [marked]


def test_missing_evidence_is_not_marked() -> None:
    assert (
        marked_fields(mark_evidence("nothing of it", {"amount": provenance_of("EUR 5"), "funder": provenance_of("")}))
        == set()
    )


@given(st.text())
def test_redirect_targets_are_internal_paths(address: str) -> None:
    led = internal_url(address)
    assert led.startswith("/")
    assert led[1:2] not in {"/", "\\"}


PARAMETERS = (
    "q",
    "topic",
    "funder",
    "region",
    "min_amount",
    "max_amount",
    "currency",
    "deadline_after",
    "open",
    "page",
)
VALUES = (
    st.text() | st.integers(0, 10**6).map(str) | st.dates().map(str) | st.sampled_from(["EUR", "5k", "x" * 199 + " y"])
)


@given(st.dictionaries(st.sampled_from(PARAMETERS), VALUES))
def test_a_search_can_be_parsed_from_its_url(parameters: dict[str, str]) -> None:
    query = parse_query(parameters)
    assert parse_query({**query.backend_parameters(), "page": str(query.page)}) == query
    assert parse_query(dict(parse_qsl(query.query_string))) == query


@pytest.mark.parametrize(
    ("words", "hit"),
    [
        ("ocean", ["Oceans"]),
        ("oceans research", ["Oceans", "Research"]),
        ('"small research" -oceans or', ["Research", "small"]),
        ("see", ["seed"]),
        ("se", []),
        ("ream", []),
        ("rese", []),
        ("", []),
    ],
)
def test_hits_in_titles_match_other_word_endings(words: str, hit: list[str]) -> None:
    pieces = highlight("Oceans: Research for a small seed", words)
    assert "".join(piece.text for piece in pieces) == "Oceans: Research for a small seed"
    assert [piece.text for piece in pieces if piece.hit] == hit


@pytest.mark.parametrize(
    "written",
    [
        "50000",
        "50,000",
        "50.000",
        "50 000",
        "50'000",
        "50k",
        "€ 50 000",
        "50,000.00",
        "50 tsd.",
        "0.05 million",
        "EUR 50k",
    ],
)
def test_amounts_are_accepted_in_common_formats(written: str) -> None:
    assert parse_amount(written) == 50_000


@pytest.mark.parametrize("written", ["", "lots", "-5", "1e9", "9" * 400, "50 potatoes", "fifty"])
def test_an_invalid_amount_is_none(written: str) -> None:
    assert parse_amount(written) is None


@given(st.text())
def test_any_amount_text_parses_to_a_number_or_none(written: str) -> None:
    assert (parse_amount(written) or 0) >= 0


@pytest.mark.parametrize(
    ("languages", "currency"),
    [("de-CH,de;q=0.9", "CHF"), ("en-GB,en-US;q=0.8", "GBP"), ("en,pt-BR;q=0.5", "BRL"), ("de", "EUR"), ("", "EUR")],
)
def test_an_amount_without_currency_uses_that_of_the_visitors_country(languages: str, currency: str) -> None:
    assert currency_of(languages) == currency


@pytest.mark.parametrize(
    ("parameters", "currency"),
    [
        ({"min_amount": "£50k"}, "GBP"),
        ({"max_amount": "20 000 chf"}, "CHF"),
        ({"min_amount": "5", "max_amount": "9 €"}, "EUR"),
        ({"min_amount": "£50k", "currency": "SEK"}, "SEK"),
        ({"min_amount": "50k"}, ""),
        ({"min_amount": "lots of €"}, ""),
    ],
)
def test_a_currency_in_an_amount_is_used_unless_another_is_chosen(parameters: dict[str, str], currency: str) -> None:
    assert parse_query(parameters).currency == currency


def test_swapped_bounds_are_reordered() -> None:
    parameters = {
        "min_amount": "9k",
        "max_amount": "900",
        "deadline_after": "2028-01-01",
        "deadline_before": "2027-01-01",
    }
    assert parse_query(parameters) == SearchQuery(least="900", most="9000", after="2027-01-01", before="2028-01-01")


def test_unreadable_values_are_named() -> None:
    assert unreadable_values(
        {"min_amount": "lots", "max_amount": "5k", "deadline_after": "soon", "deadline_before": ""}
    ) == ["“lots” is not an amount: write it like 50,000 or 50k.", "“soon” is not a day: write it like 2027-03-12."]


def test_a_search_is_described_in_words() -> None:
    query = SearchQuery("reef", least="1000", currency="EUR", before="2027-03-01", open_only=True)
    assert search_in_words(query) == "reef · From 1,000 EUR · Closes by 1 March 2027 · Open calls only"
    assert search_in_words(SearchQuery()) == "All grants"


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 second"), (45, "45 seconds"), (100, "2 minutes"), (7000, "2 hours")]
)
def test_waits_are_rounded_up(seconds: int, words: str) -> None:
    assert wait_in_words(seconds) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (Amount(Decimal(5), Decimal(5), "EUR"), "€5"),
        (Amount(None, Decimal(2_500_000), "USD"), "up to $2.5\u00a0million"),
        (Amount(Decimal(1000), None, "SEK"), "from SEK\u00a01,000"),
        (Amount(Decimal("10.5"), Decimal(20), "GBP"), "£10.50 – £20"),
        (Amount(None, None, "EUR"), None),
        (None, None),
    ],
)
def test_amounts_are_formatted_for_people(amount: Amount | None, words: str | None) -> None:
    assert amount_in_words(amount) == words


def test_a_csrf_token_is_new_each_time_and_bound_to_its_secret() -> None:
    assert mask("secret") != mask("secret")
    assert is_proof(mask("secret"), "secret")
    assert not is_proof(mask("other"), "secret")
    assert not is_proof(mask(""), "")
