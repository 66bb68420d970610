"""The rules, tried on forms of speech, and scored on the notices of the listing site."""

import json
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

pytest.importorskip("selectolax", reason="the rules need selectolax: install data-service/requirements.lock")

from granter_data.rules.dates import days_in
from granter_data.rules.listing import links_of
from granter_data.rules.money import sums_in
from granter_data.rules.notice import NoNotice, Notice, read_notice
from granter_data.rules.page import page_of

ROOT = Path(__file__).parent.parent
FIELDS = ("title", "funder", "deadline", "amount")
GOOD_ENOUGH = 0.9


def fields_of(notice: Notice) -> dict[str, object]:
    """*notice* in the words of the labels."""
    amount = notice.amount
    return {
        "title": notice.title,
        "funder": notice.funder,
        "deadline": {"date": str(notice.deadline.day), "rolling": "rolling", "unknown": None}[notice.deadline.kind],
        "amount": amount and {"least": amount.least, "most": amount.most, "currency": amount.currency},
    }


def read(*lines: str, language: str = "en") -> Notice:
    paragraphs = "".join(f"<p>{line}</p>" for line in lines)
    return read_notice(f"<html lang={language}><h1>Some Call</h1><p>Funder: Some Fund</p>{paragraphs}", "/some-call")


def score(pages: Path, labels: Path) -> tuple[float, str]:
    """Print and check the share of fields that the rules read correctly."""
    expected = json.loads(labels.read_text())
    correct = dict.fromkeys(FIELDS, 0)
    for name, label in expected.items():
        actual = fields_of(read_notice((pages / f"{name}.html").read_text(), name))
        for field in FIELDS:
            correct[field] += actual[field] == label[field]
    share = sum(correct.values()) / (len(expected) * len(FIELDS))
    return share, f"{share:.1%} (" + ", ".join(
        f"{field} {count}/{len(expected)}" for field, count in correct.items()
    ) + ")"


@pytest.mark.parametrize(
    ("pages", "labels"),
    [
        pytest.param(ROOT / "notice-site/notice_site/notices", ROOT / "tests/expected.json", id="the listing site"),
        pytest.param(ROOT / "tests/other_sites", ROOT / "tests/other_sites/expected.json", id="other sites"),
    ],
)
def test_nine_of_ten_fields_are_correct(pages: Path, labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    share, story = score(pages, labels)
    with capsys.disabled():
        print(f"\n{pages.name}: the rules read {story} of the fields right")
    assert share >= GOOD_ENOUGH


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2027-03-12", date(2027, 3, 12)),
        ("12 March 2027", date(2027, 3, 12)),
        ("the 12th of March, 2027", date(2027, 3, 12)),
        ("March 12th, 2027", date(2027, 3, 12)),
        ("Mar. 12 2027", date(2027, 3, 12)),
        ("12/03/2027", date(2027, 3, 12)),
        ("12.3.27", date(2027, 3, 12)),
        ("12-Mar-2027", date(2027, 3, 12)),
        ("03/28/2027", date(2027, 3, 28)),
        ("12. März 2027", date(2027, 3, 12)),
        ("1er août 2027", date(2027, 8, 1)),
        ("12 de diciembre del 2027", date(2027, 12, 12)),
        ("1º de março de 2027", date(2027, 3, 1)),
        ("end of February 2028", date(2028, 2, 29)),
    ],
)
def test_common_date_formats_are_parsed(text: str, day: date) -> None:
    assert [actual.date for actual in days_in(text, month_first=False)] == [day]


@pytest.mark.parametrize("text", ["31 February 2027", "version 1.2.3", "tel. 555-12-2027-33", "13/13/2027", "May we?"])
def test_invalid_dates_are_not_parsed(text: str) -> None:
    assert list(days_in(text, month_first=False)) == []


@pytest.mark.parametrize(
    ("text", "least", "most", "currency"),
    [
        ("EUR 150,000", 150_000, 150_000, "EUR"),
        ("150.000 €", 150_000, 150_000, "EUR"),
        ("up to 1 500 000 euros", None, 1_500_000, "EUR"),
        ("€150k", 150_000, 150_000, "EUR"),
        ("1,5 M€", 1_500_000, 1_500_000, "EUR"),
        ("£1.25m", 1_250_000, 1_250_000, "GBP"),
        ("between $5,000 and $10,000", 5_000, 10_000, "USD"),
        ("USD 2–5 million", 2_000_000, 5_000_000, "USD"),
        ("10,000 to 50,000 Swiss francs", 10_000, 50_000, "CHF"),
        ("at least SEK 40 000", 40_000, None, "SEK"),
        ("bis zu 2,5 Millionen Euro", None, 2_500_000, "EUR"),
        ("R$ 50 mil", 50_000, 50_000, "BRL"),
        ("CHF 1'200'000.–", 1_200_000, 1_200_000, "CHF"),
        ("€ 2,499.50", Decimal("2499.50"), Decimal("2499.50"), "EUR"),
    ],
)
def test_common_amount_formats_are_parsed(
    text: str, least: Decimal | None, most: Decimal | None, currency: str
) -> None:
    assert [(actual.least, actual.most, actual.currency) for actual in sums_in(text, dollar="USD")] == [
        (least, most, currency)
    ]


@pytest.mark.parametrize("text", ["12 projects", "since 1998", "100 %", "room 4.12", "call +44 20 7946 0000"])
def test_invalid_amounts_are_not_parsed(text: str) -> None:
    assert list(sums_in(text, dollar="USD")) == []


def test_the_slash_date_of_an_american_notice_names_the_month_first() -> None:
    assert read("Deadline: 03/04/2027", "Awards up to $5,000").deadline.day == date(2027, 3, 4)
    assert read("Deadline: 03/04/2027", "Awards up to £5,000").deadline.day == date(2027, 4, 3)


def test_the_publication_date_is_not_a_deadline() -> None:
    assert read("Published on 3 May 2027.", "The webinar is on 4 June 2027.").deadline.kind == "unknown"


def test_the_end_of_a_period_is_the_deadline() -> None:
    assert read("The call is open from 1 May 2027 until 30 June 2027.").deadline.day == date(2027, 6, 30)


def test_the_first_of_two_stages_is_the_deadline() -> None:
    notice = read("Outline deadline: 1 May 2027", "Full proposal deadline: 30 June 2027")
    assert notice.deadline.day == date(2027, 5, 1)


def test_a_call_without_a_deadline_is_rolling() -> None:
    assert read("Applications are welcome at any time.").deadline.kind == "rolling"


def test_a_struck_out_date_is_ignored() -> None:
    for struck in (
        "<del>1 May 2027</del>",
        "<s>1 May 2027</s>",
        "<span style='text-decoration: line-through'>1 May 2027</span>",
    ):
        assert read(f"Deadline: {struck} 30 June 2027").deadline.day == date(2027, 6, 30)


@pytest.mark.parametrize("value", ["To be announced", "TBC", "to be confirmed (spring)", "not yet known"])
def test_a_date_to_be_announced_is_not_a_deadline(value: str) -> None:
    deadline = read(f"Deadline: {value}", "Apply by the portal, which opened until 3 May 2027.").deadline
    assert (deadline.kind, deadline.day) == ("unknown", None)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "This call is closed."),
        ("en", "This funding opportunity is now closed"),
        ("en", "Applications are closed for new applications."),
        ("en", "We are no longer accepting applications."),
        ("de", "Diese Ausschreibung ist bereits beendet."),
        ("fr", "Cet appel à projets est clos."),
        ("es", "Esta convocatoria está cerrada."),
        ("pt", "Este edital está encerrado."),
        ("it", "Questo bando è chiuso."),
        ("nl", "Deze regeling is gesloten."),
    ],
)
def test_a_notice_stating_that_it_is_closed_is_closed(language: str, sentence: str) -> None:
    notice = read("Deadline: 30 June 2037", sentence, language=language)
    assert (notice.deadline.kind, notice.deadline.day) == ("closed", None)


@pytest.mark.parametrize(
    "sentence",
    [
        "Applications that arrive after the call is closed are not read.",
        "Once this call is closed, a jury decides.",
        "This programme is closed to companies.",
    ],
)
def test_a_notice_mentioning_its_closing_is_not_closed(sentence: str) -> None:
    assert read("Deadline: 30 June 2037", sentence).deadline.day == date(2037, 6, 30)


@pytest.mark.parametrize(
    ("language", "sentence", "topics"),
    [
        pytest.param("en", "Work that has not been seen elsewhere, seen by many.", (), id="English seen"),
        pytest.param(
            "de", "Wir fördern den Schutz unserer Seen und Gewässer.", ("water and oceans",), id="German Seen"
        ),
        pytest.param("de", "Jede Art von Bewerbung ist willkommen, art und Weise egal.", (), id="German Art"),
        pytest.param("en", "The art of the region, and its artists.", ("arts and culture",), id="English art"),
        pytest.param("xx", "Seen, seen und Gewässer.", ("water and oceans",), id="a language without words"),
    ],
)
def test_topics_are_recognised_by_words_of_the_pages_language(
    language: str, sentence: str, topics: tuple[str, ...]
) -> None:
    assert read(sentence, language=language).topics == topics


def test_a_short_spanish_page_is_not_read_as_dutch() -> None:
    page = page_of("<h1>Salud en el barrio</h1><p>Centros de salud en la ciudad. Hasta 60 000 de cada uno.</p>")
    assert page.language == "es"


def test_the_amount_per_applicant_takes_precedence_over_the_total() -> None:
    notice = read("The programme has a total budget of €20 million.", "Each project may receive up to €400,000.")
    assert notice.amount is not None
    assert (notice.amount.least, notice.amount.most) == (None, Decimal(400_000))


def test_the_turnover_of_applicants_is_not_the_amount() -> None:
    assert read("Firms with a turnover below EUR 2 million may apply.").amount is None


def test_a_page_about_something_else_is_not_a_notice() -> None:
    with pytest.raises(NoNotice):
        read_notice("<h1>About us</h1><p>We like reading.</p>", "/about")


@pytest.mark.parametrize("html", ["", "<", "\x00\x01", "<h1>" * 3000, "<table><td><dl><dt>" * 50])
def test_a_malformed_page_is_not_a_notice(html: str) -> None:
    with pytest.raises(NoNotice):
        read_notice(html, "/broken")


@pytest.mark.parametrize("text", ["1 € ", "Aa ", "<div>", "<p><b>a</b> b</p>", "The Fund of the ", "12 March ", "a: "])
def test_adversarial_pages_are_parsed_quickly(text: str) -> None:
    html = "<h1>Some Call</h1><p>Funder: Some Fund</p><p>" + text * (40_000 // len(text))
    began = time.process_time()
    assert read_notice(html, "/slow").title == "Some Call"
    assert time.process_time() - began < 10


def test_a_listing_links_to_its_notices_and_next_page() -> None:
    links = links_of(
        """<nav><a href="/">Home</a><a href="/press">Press</a></nav>
        <main><a href="/subscribe">Subscribe</a>
        <div class="card"><a href="/g/one">The first call of all</a></div>
        <div class="card"><a href="g/two#top">The second call of all</a></div>
        <div class="pager"><b>1</b> <a href="?page=2">2</a> <a href="?page=2">Older calls</a></div></main>""",
        "http://site.example/",
    )
    assert links.notices == ("http://site.example/g/one", "http://site.example/g/two")
    assert links.listings == ("http://site.example/?page=2",)
