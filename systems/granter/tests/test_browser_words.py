"""What the pages are made of, without a page: addresses, evidence, and words."""

from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest
from granter_web.asked import Asked, asked_of, misread
from granter_web.evidence import found_in, shown_in
from granter_web.forms import is_proof, mask
from granter_web.grants import Amount, Provenance
from granter_web.hits import hits_in
from granter_web.inside import inside
from granter_web.sums import currency_of, sum_of
from granter_web.words import amount_in_words, search_in_words, wait_in_words
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TEXT = st.text(alphabet="ab \n,", max_size=60)


def said(evidence: str) -> Provenance:
    return Provenance("rules", NOW, evidence)


@given(TEXT, st.dictionaries(st.sampled_from(["title", "funder", "amount"]), TEXT.map(said)))
def test_whatever_was_read_from_it_a_source_keeps_its_words(text: str, provenance: dict[str, Provenance]) -> None:
    lines = ["".join(stretch.text for stretch in line) for line in shown_in(text, provenance)]
    assert lines == [line for line in text.split("\n") if line.strip()]


def test_words_that_overlap_belong_to_both_fields() -> None:
    lines = shown_in("up to EUR 5 by May", {"amount": said("to EUR 5"), "deadline": said("5 by May")})
    assert [(stretch.text, stretch.fields) for stretch in lines[0]] == [
        ("up ", ()),
        ("to EUR ", ("amount",)),
        ("5", ("amount", "deadline")),
        (" by May", ("deadline",)),
    ]


def test_a_list_of_words_is_found_word_by_word() -> None:
    lines = shown_in("The seas and the sea.\nWater!", {"topics": said("sea, water, ice")})
    marked = [stretch.text for line in lines for stretch in line if stretch.fields]
    assert marked == ["sea", "Water"]
    assert found_in(lines) == {"topics"}


@pytest.mark.parametrize(
    ("evidence", "marked"),
    [
        ("… the sea is deep and …", "the sea is deep and"),
        ("Of the sea " * 9 + "and the d", "Of the sea " * 9 + "and the d"),
    ],
    ids=["with dots", "after so many letters"],
)
def test_words_that_were_cut_are_found_as_far_as_they_go(evidence: str, marked: str) -> None:
    lines = shown_in("Of the sea " * 9 + "and the deep: the sea is deep and blue.", {"amount": said(evidence)})
    assert [stretch.text for line in lines for stretch in line if stretch.fields] == [marked]


def test_words_that_are_not_there_are_not_marked() -> None:
    assert found_in(shown_in("nothing of it", {"amount": said("EUR 5"), "funder": said("")})) == set()


@given(st.text())
def test_inside_is_always_a_path_of_ours(address: str) -> None:
    led = inside(address)
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
SAID = (
    st.text() | st.integers(0, 10**6).map(str) | st.dates().map(str) | st.sampled_from(["EUR", "5k", "x" * 199 + " y"])
)


@given(st.dictionaries(st.sampled_from(PARAMETERS), SAID))
def test_an_address_says_the_search_again(given_: dict[str, str]) -> None:
    asked = asked_of(given_)
    assert asked_of({**asked.of_backend(), "page": str(asked.page)}) == asked
    assert asked_of(dict(parse_qsl(asked.said))) == asked


@pytest.mark.parametrize(
    ("asked", "hit"),
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
def test_a_hit_is_seen_in_a_title_whatever_its_ending(asked: str, hit: list[str]) -> None:
    pieces = hits_in("Oceans: Research for a small seed", asked)
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
def test_an_amount_is_understood_as_people_write_it(written: str) -> None:
    assert sum_of(written) == 50_000


@pytest.mark.parametrize("written", ["", "lots", "-5", "1e9", "9" * 400, "50 potatoes", "fifty"])
def test_what_is_no_amount_is_none(written: str) -> None:
    assert sum_of(written) is None


@given(st.text())
def test_whatever_is_written_as_an_amount_ends_as_a_number_or_none(written: str) -> None:
    assert (sum_of(written) or 0) >= 0


@pytest.mark.parametrize(
    ("languages", "currency"),
    [("de-CH,de;q=0.9", "CHF"), ("en-GB,en-US;q=0.8", "GBP"), ("en,pt-BR;q=0.5", "BRL"), ("de", "EUR"), ("", "EUR")],
)
def test_an_amount_without_currency_means_that_of_the_visitors_country(languages: str, currency: str) -> None:
    assert currency_of(languages) == currency


@pytest.mark.parametrize(
    ("given_", "currency"),
    [
        ({"min_amount": "£50k"}, "GBP"),
        ({"max_amount": "20 000 chf"}, "CHF"),
        ({"min_amount": "5", "max_amount": "9 €"}, "EUR"),
        ({"min_amount": "£50k", "currency": "SEK"}, "SEK"),
        ({"min_amount": "50k"}, ""),
        ({"min_amount": "lots of €"}, ""),
    ],
)
def test_a_currency_that_is_written_is_meant_unless_another_is_chosen(given_: dict[str, str], currency: str) -> None:
    assert asked_of(given_).currency == currency


def test_ends_that_were_given_the_wrong_way_round_are_turned() -> None:
    given_ = {"min_amount": "9k", "max_amount": "900", "deadline_after": "2028-01-01", "deadline_before": "2027-01-01"}
    assert asked_of(given_) == Asked(least="900", most="9000", after="2027-01-01", before="2028-01-01")


def test_what_is_not_understood_is_named() -> None:
    assert misread({"min_amount": "lots", "max_amount": "5k", "deadline_after": "soon", "deadline_before": ""}) == [
        "“lots” is not an amount: write it like 50,000 or 50k.",
        "“soon” is not a day: write it like 2027-03-12.",
    ]


def test_a_search_is_said_in_words() -> None:
    asked = Asked("reef", least="1000", currency="EUR", before="2027-03-01", open_only=True)
    assert search_in_words(asked) == "reef · From 1,000 EUR · Closes by 1 March 2027 · Open calls only"
    assert search_in_words(Asked()) == "All grants"


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 second"), (45, "45 seconds"), (100, "2 minutes"), (7000, "2 hours")]
)
def test_a_wait_is_said_so_that_nobody_comes_too_early(seconds: int, words: str) -> None:
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
def test_a_sum_is_said_as_people_say_it(amount: Amount | None, words: str | None) -> None:
    assert amount_in_words(amount) == words


def test_a_proof_is_new_each_time_and_good_for_its_secret_alone() -> None:
    assert mask("secret") != mask("secret")
    assert is_proof(mask("secret"), "secret")
    assert not is_proof(mask("other"), "secret")
    assert not is_proof(mask(""), "")
