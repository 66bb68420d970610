"""The two pages, as a browser gets them."""

import json
import re
from html import unescape

import pytest
from granter_postgres import ROOT, Postgres
from granter_services import TOKEN, Service, get, until
from granter_town import Start, Town

MOST_BYTES = 500_000


def test_a_visitor_searches_and_reads(town: Town) -> None:
    results = unescape(get(town.web.url + "/?q=glacier").body)
    assert "1 grant for" in results
    assert "<mark>Glacier</mark> Archives" in results
    link = re.search(r'href="(/grants/\d+[^"]*)"', results)
    assert link
    grant = unescape(get(town.web.url + link[1]).body)
    assert "Boreal Science Endowment" in grant
    assert "19 February 2027" in grant
    assert "CA$220,000" in grant
    assert f"{town.site.url}/calls/glacier-archives" in grant
    assert 'href="/?q=glacier"' in grant


def test_pages_lead_through_all_results(town: Town) -> None:
    first, last = get(town.web.url + "/?sort=newest").body, get(town.web.url + "/?sort=newest&page=8").body
    assert 'href="/?sort=newest&amp;page=2"' in first
    assert 'rel="next"' not in last


def test_no_result_says_what_to_try(town: Town) -> None:
    answer = get(town.web.url + "/?q=zeppelin")
    assert answer.status == 200
    assert "No grant matches" in answer.body
    assert "Try fewer or more general words" in answer.body


@pytest.mark.parametrize("address", ["/?page=0", "/?page=-1", "/?page=99999999999", "/?sort=x&open=y", "/?q=%00%ff%3C"])
def test_any_address_of_the_search_is_answered(town: Town, address: str) -> None:
    assert get(town.web.url + address).status == 200


@pytest.mark.parametrize("address", ["/grants/999999999", "/grants/99999999999999999999", "/grants/x", "/nothing"])
def test_what_is_not_there_is_told_kindly(town: Town, address: str) -> None:
    answer = get(town.web.url + address)
    assert answer.status == 404
    assert "There is nothing here" in answer.body


def test_what_a_visitor_types_is_shown_and_not_run(town: Town) -> None:
    body = get(town.web.url + "/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").body
    assert "<script" not in body


def test_a_browser_is_told_to_run_and_load_nothing_foreign(town: Town) -> None:
    answer = get(town.web.url + "/")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', answer.body)


def test_the_style_is_kept_only_when_it_is_the_one_of_the_page(town: Town) -> None:
    link = re.search(r"/static/granter\.css\?v=\w+", get(town.web.url + "/").body)
    assert link
    assert "immutable" in get(town.web.url + link[0]).headers["cache-control"]
    assert get(town.web.url + "/static/granter.css?v=other").headers["cache-control"] == "no-store"


def test_all_that_a_page_loads_is_small(town: Town) -> None:
    page = get(town.web.url + "/").body
    assets = (ROOT / "web-frontend" / "granter_web" / "static").iterdir()
    assert len(page.encode()) + sum(path.stat().st_size for path in assets) < MOST_BYTES


def test_without_the_data_service_the_visitor_keeps_the_question(start: Start) -> None:
    web = start("web-frontend", DATA_SERVICE_URL="http://127.0.0.1:9", SERVICE_TOKEN=TOKEN).ready()
    answer = get(web.url + "/?q=glacier")
    assert answer.status == 503
    assert "taking a break" in answer.body
    assert 'value="glacier"' in answer.body
    assert get(web.url + "/grants/1").status == 503
    assert json.loads(get(web.url + "/health").body)["services"] == {"data-service": "down"}


def test_before_the_first_notices_the_page_says_so(postgres: Postgres, start: Start) -> None:
    address = postgres.database("empty")
    variables = {"DATABASE_URL": address, "NOTICE_SITE_URL": "http://127.0.0.1:9", "SERVICE_TOKEN": TOKEN}
    data: Service = start("data-service", **variables).ready()
    web = start("web-frontend", DATA_SERVICE_URL=data.url, SERVICE_TOKEN=TOKEN).ready()
    until(lambda: "No grants yet" in get(web.url + "/").body, "the empty page")
