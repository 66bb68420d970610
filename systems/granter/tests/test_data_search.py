"""Searches over all notices of both sites, through the API of the data-service."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from granter_deployment import rounds_ended, starting
from granter_postgres import Postgres
from granter_services import TOKEN, Response, Service, get, until

pytestmark = [pytest.mark.requirement("Q8"), pytest.mark.xdist_group("data-search")]

NOTICES = 80 + 236


@dataclass(frozen=True)
class Scraped:
    """The data-service, with every notice of both sites."""

    data: Service
    site: Service
    postgres: Postgres
    database: str

    def get(self, path: str) -> Response:
        return get(self.data.url + path, X_Service_Token=TOKEN)

    def document(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def titles(self, parameters: str) -> list[str]:
        return [grant["title"] for grant in self.document(f"/grants?{parameters}")["grants"]]


@pytest.fixture(scope="module")
def scraped(postgres: Postgres, folder: Path) -> Iterator[Scraped]:
    with starting(folder) as start:
        address = postgres.database("scraped")
        site = start("notice-site").ready()
        variables = {"DATABASE_URL": address, "NOTICE_SITE_URL": site.url, "SERVICE_TOKEN": TOKEN, "PAGE_PAUSE": "0"}
        data = start("data-service", **variables).ready()
        until(lambda: rounds_ended(postgres, "scraped") > 0, f"a round over both sites ({data.log})", timeout=90)
        until(lambda: json.loads(get(data.url + "/grants", X_Service_Token=TOKEN).body)["total"] == NOTICES, "all")
        yield Scraped(data, site, postgres, "scraped")


def test_every_notice_of_both_sites_can_be_found(scraped: Scraped) -> None:
    assert scraped.document("/grants")["total"] == NOTICES
    report = scraped.document("/scrape")
    assert report["state"] == "idle"
    assert {source["name"]: source["state"] for source in report["sources"]} == {"north": "done", "south": "done"}
    assert {source["name"]: source["notices"] for source in report["sources"]} == {"north": 164, "south": 152}


def test_a_grant_has_its_source_and_the_reader_of_each_field(scraped: Scraped) -> None:
    number = scraped.document("/grants?query=glacier")["grants"][0]["id"]
    grant = scraped.document(f"/grants/{number}")
    assert grant["title"] == "Glacier Archives Field Campaigns"
    assert grant["deadline"] == "2027-02-19"
    assert grant["amount"] == {"min": None, "max": 220000, "currency": "CAD"}
    assert grant["source"]["url"] == f"{scraped.site.url}/north/calls/glacier-archives"
    assert grant["provenance"]["deadline"]["by"] == "rules"
    assert "2027-02-19" in grant["provenance"]["deadline"]["evidence"]


def test_a_word_finds_its_other_forms(scraped: Scraped) -> None:
    assert "Planting Community Orchards" in scraped.titles("query=orchard")


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("Musikschule", "Instrumente für Musikschulen"),
        ("comunidad", "Agua limpia para comunidades rurales"),
        ("floresta", "Edital Florestas Vivas"),
        ("habitant", "Ateliers vélo solidaires"),
    ],
)
def test_each_language_uses_its_own_stemmer(scraped: Scraped, words: str, title: str) -> None:
    assert title in scraped.titles(f"query={words}&page_size=100")


def test_a_word_with_a_minus_is_excluded(scraped: Scraped) -> None:
    assert "Digitising Small Museums 2026" in scraped.titles("query=museums&page_size=100")
    assert "Digitising Small Museums 2026" not in scraped.titles("query=museums+-scanners&page_size=100")


def test_a_title_match_ranks_above_a_text_match(scraped: Scraped) -> None:
    assert scraped.titles("query=peatlands")[0] == "Rewetting Peatlands with Farmers"


def test_hits_are_marked_in_snippets(scraped: Scraped) -> None:
    snippet = scraped.document("/grants?query=weirs")["grants"][0]["snippet"]
    assert {"text": "Weirs", "mark": True} in snippet


@pytest.mark.parametrize("sort", ["relevance", "deadline", "amount", "newest"])
def test_paging_visits_every_grant_once(scraped: Scraped, sort: str) -> None:
    ids = []
    for page in (1, 2, 3, 4):
        ids += [grant["id"] for grant in scraped.document(f"/grants?sort={sort}&page={page}&page_size=100")["grants"]]
    assert len(ids) == len(set(ids)) == NOTICES


def test_open_calls_are_sorted_first(scraped: Scraped) -> None:
    grants = [g for page in (1, 2, 3, 4) for g in scraped.document(f"/grants?page={page}&page_size=100")["grants"]]
    open_days = [grant["closes_in_days"] for grant in grants if grant["closes_in_days"] is not None]
    assert open_days == sorted(open_days)
    assert all(grant["closes_in_days"] is not None for grant in grants[: len(open_days)])
    closed = [grant for grant in grants if grant["deadline"] and grant["closes_in_days"] is None]
    assert grants[-len(closed) :] == closed


def test_the_largest_amounts_come_first(scraped: Scraped) -> None:
    amounts = [grant["amount"] for grant in scraped.document("/grants?sort=amount&page_size=50")["grants"]]
    sums = [amount["max"] or amount["min"] for amount in amounts]
    assert sums == sorted(sums, reverse=True)


def test_filters_narrow_the_results(scraped: Scraped) -> None:
    whole = scraped.document("/grants?page_size=1")
    topic, count = next(iter(whole["facets"]["topics"].items()))
    region, there = next(iter(whole["facets"]["regions"].items()))
    assert scraped.document(f"/grants?topic={quote(topic)}")["total"] == count
    assert scraped.document(f"/grants?region={quote(region)}")["total"] == there
    both = scraped.document(f"/grants?topic={quote(topic)}&topic=heritage&page_size=100")
    assert both["total"] > count
    assert all({topic, "heritage"} & set(grant["topics"]) for grant in both["grants"])


def test_amounts_and_deadlines_can_be_bounded(scraped: Scraped) -> None:
    parameters = "min_amount=10000&max_amount=50000&currency=eur&deadline_after=2027-01-01&deadline_before=2027-06-30"
    grants = scraped.document(f"/grants?{parameters}&page_size=100")["grants"]
    assert grants
    for grant in grants:
        amount = grant["amount"]
        assert amount["currency"] == "EUR"
        assert (amount["max"] or amount["min"]) >= 10_000
        assert (amount["min"] or amount["max"]) <= 50_000
        assert "2027-01-01" <= grant["deadline"] <= "2027-06-30"


def test_results_can_be_filtered_by_funder(scraped: Scraped) -> None:
    assert "Glacier Archives Field Campaigns" in scraped.titles(f"funder={quote('boreal science endowment')}")


def test_closed_calls_can_be_hidden(scraped: Scraped) -> None:
    assert "Digitising Small Museums 2026" not in scraped.titles("query=museums&open=1&page_size=100")


@pytest.mark.parametrize(
    ("typed", "title"),
    [("glac", "Glacier Archives Field Campaigns"), ("arch glac", "Glacier Archives Field Campaigns")],
)
def test_titles_and_funders_are_suggested_by_prefix(scraped: Scraped, typed: str, title: str) -> None:
    suggestions = scraped.document(f"/suggest?query={quote(typed)}")["suggestions"]
    assert "Glacier Archives Field Campaigns" in suggestions
    assert len(suggestions) <= 8


@pytest.mark.parametrize(
    ("typed", "written"),
    [("forets", "forêts"), ("forêts", "forêts"), ("musikschuler", "Musikschüler"), ("Kuste", "Küste")],
)
def test_words_are_found_with_and_without_their_accents(planted: Scraped, typed: str, written: str) -> None:
    titles = {"forêts": "Prix des forêts", "Musikschüler": "Geigen für Musikschüler", "Küste": "Preis der Küste"}
    assert titles[written] in planted.titles(f"query={quote(typed)}")
    assert titles[written] in planted.document(f"/suggest?query={quote(typed)}")["suggestions"]


def test_a_closed_call_is_sorted_last_and_can_be_hidden(planted: Scraped) -> None:
    every, open_ones = (planted.titles(f"query=zymurgy{more}") for more in ("", "&open=1"))
    assert every == ["Zymurgy open", "Zymurgy rolling", "Zymurgy unknown", "Zymurgy closed"]
    assert open_ones == every[:3]
    grants = planted.document("/grants?query=zymurgy")["grants"]
    assert [grant["closed"] for grant in grants] == [False, False, False, True]
    pages = [
        grant["title"]
        for page in range(1, 5)
        for grant in planted.document(f"/grants?page={page}&page_size=100")["grants"]
    ]
    assert pages[-1] == "Zymurgy closed"


def test_amounts_can_be_compared_whatever_their_currency(planted: Scraped) -> None:
    results = {
        currency: planted.titles(f"query=zymurgy&min_amount=5000&currency={currency}") for currency in ("GBP", "any")
    }
    assert results == {"GBP": [], "any": ["Zymurgy open"]}


PLANTED = """
insert into grants (source_url, content_hash, rules, language, title, deadline, deadline_kind, amount_max, currency,
    body, summary)
select 'http://planted.example/' || title, '', 0, language, title, deadline, kind, amount, currency, title, title
from (values ('fr', 'Prix des forêts', null::date, 'unknown', null::numeric, null),
    ('de', 'Geigen für Musikschüler', null, 'unknown', null, null),
    ('de', 'Preis der Küste', null, 'unknown', null, null),
    ('en', 'Zymurgy open', current_date + 9, 'date', 9000, 'EUR'),
    ('en', 'Zymurgy rolling', null, 'rolling', null, null),
    ('en', 'Zymurgy unknown', null, 'unknown', null, null),
    ('en', 'Zymurgy closed', null, 'closed', null, null)
) as planted (language, title, deadline, kind, amount, currency)"""


@pytest.fixture
def planted(scraped: Scraped) -> Iterator[Scraped]:
    """The data-service with some grants that no site has."""
    scraped.postgres.execute(scraped.database, PLANTED)
    yield scraped
    scraped.postgres.execute(scraped.database, "delete from grants where source_url like 'http://planted.example/%'")


def test_funders_are_suggested_too(scraped: Scraped) -> None:
    assert "Boreal Science Endowment" in scraped.document("/suggest?query=boreal")["suggestions"]


@pytest.mark.parametrize("typed", ["", " ", "'", "a' | 'b", "!!", ":*", "\\", "%00", "<script>", "x" * 500])
def test_any_input_is_a_valid_search(scraped: Scraped, typed: str) -> None:
    assert scraped.get(f"/suggest?query={quote(typed)}").status == 200
    assert scraped.get(f"/grants?query={quote(typed)}&funder={quote(typed)}&region={quote(typed)}").status == 200


@pytest.mark.parametrize(
    ("parameters", "hint"),
    [
        ("sort=colour", "relevance, deadline, amount, newest"),
        ("page=0", "a number from 1"),
        ("page_size=1000", "a number from 1 to 100"),
        ("min_amount=much", "a sum like"),
        ("min_amount=NaN", "a sum like"),
        ("max_amount=1e99", "a sum like"),
        ("deadline_before=soon", "2027-03-12"),
    ],
)
def test_invalid_parameters_are_refused_with_valid_values(scraped: Scraped, parameters: str, hint: str) -> None:
    answer = scraped.get(f"/grants?{parameters}")
    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert hint in json.loads(answer.body)["detail"]


@pytest.mark.parametrize("path", ["/grants", "/grants/1", "/suggest", "/scrape", "/nothing", "/extract"])
def test_requests_without_the_token_are_refused(scraped: Scraped, path: str) -> None:
    assert get(scraped.data.url + path).status == 401
    assert get(scraped.data.url + path, X_Service_Token="guessed").status == 401


@pytest.mark.parametrize("path", ["/live", "/ready", "/health", "/ping", "/metrics"])
def test_probes_need_no_token(scraped: Scraped, path: str) -> None:
    assert get(scraped.data.url + path).status == 200


def test_health_details_require_the_service_token(scraped: Scraped) -> None:
    document = scraped.document("/health")
    assert {check["name"]: check["status"] for check in document["checks"]} == {"database": "up", "scraper": "up"}
    assert json.loads(get(scraped.data.url + "/health").body) == {"status": "ok"}


@pytest.mark.parametrize("number", [0, 999_999, 2**63, 10**30])
def test_an_unknown_grant_is_not_found(scraped: Scraped, number: int) -> None:
    assert scraped.get(f"/grants/{number}").status == 404


def test_a_second_round_finds_nothing_changed(scraped: Scraped) -> None:
    before = scraped.document("/scrape")["round"]
    answer = _post(scraped.data.url + "/scrape")
    assert answer["round"] > before
    until(lambda: scraped.document("/scrape")["state"] == "idle", "the requested round")
    report = scraped.document("/scrape")
    assert report["round"] == answer["round"]
    assert sum(source["unchanged"] for source in report["sources"]) == NOTICES
    assert sum(source["new"] + source["changed"] for source in report["sources"]) == 0


def _post(url: str, body: bytes = b"{}") -> Any:
    import urllib.request

    headers = {"X-Service-Token": TOKEN, "Content-Type": "application/json"}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, body, headers), timeout=20) as answer:
        return json.loads(answer.read())


def test_a_text_is_read_on_request(scraped: Scraped) -> None:
    text = (
        "Reading Rooms\n\nThe Lamp Trust invites libraries to apply. Deadline: 3 May 2027\nGrants of up to £4,000 each."
    )
    document = _post(scraped.data.url + "/extract", json.dumps({"text": text}).encode())
    assert document["fields"]["title"] == "Reading Rooms"
    assert document["fields"]["funder"] == "Lamp Trust"
    assert document["fields"]["deadline"] == "2027-05-03"
    assert document["fields"]["amount"] == {"min": None, "max": 4000, "currency": "GBP"}
    assert document["provenance"]["deadline"]["by"] == "rules"
