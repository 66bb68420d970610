"""The pages as a browser gets them, with all services behind them."""

import json
import re
from html import unescape

import httpx2
import pytest
from browser_visitor import Visitor
from granter_core.words import MAX_PASSWORD_LENGTH
from granter_deployment import Granter, Start
from granter_services import get

pytestmark = [pytest.mark.requirement("Q6"), pytest.mark.slow, pytest.mark.xdist_group("browser")]


def test_a_visitor_searches_and_reads(granter: Granter) -> None:
    results = unescape(get(granter.web.url + "/?q=glacier").body)
    assert re.search(r"\d+ grants? for", results)
    assert re.search(r"<mark>[Ww]ater", get(granter.web.url + "/?q=water").body)
    link = re.search(r'href="(/grants/\d+[^"]*)"[^>]*><mark>Glacier</mark> Archives', results)
    assert link
    grant = unescape(get(granter.web.url + link[1]).body)
    assert "Boreal Science Endowment" in grant
    assert "19 February 2027" in grant
    assert "CA$220,000" in grant
    assert "glacier-archives" in grant
    assert 'href="/?q=glacier"' in grant


def test_each_field_of_a_grant_links_to_its_evidence(granter: Granter) -> None:
    results = get(granter.web.url + "/?q=glacier").body
    link = re.search(r'href="(/grants/\d+[^"]*)"[^>]*><mark>Glacier</mark> Archives', results)
    assert link
    page = get(granter.web.url + link[1]).body
    assert 'href="#read-deadline"' in page
    assert re.search(r'<a id="read-deadline"></a>(<a [^>]*></a>)*<mark data-of="[^"]*deadline[^"]*">[^<]*19', page)


def test_paging_reaches_all_results(granter: Granter) -> None:
    first = unescape(get(granter.web.url + "/?sort=newest").body)
    pages = re.search(r"page 1 of (\d+)", first)
    assert pages
    assert int(pages[1]) >= 8
    assert 'href="/?sort=newest&page=2"' in first
    last = get(granter.web.url + f"/?sort=newest&page={pages[1]}").body
    assert 'rel="next"' not in last
    assert 'rel="prev"' in last


def test_filters_can_be_removed_one_by_one(granter: Granter) -> None:
    def count(address: str) -> int:
        count = re.search(r'class="count">([\d,]+) grant', get(granter.web.url + address).body)
        return int(count[1].replace(",", "")) if count else 0

    every = count("/?sort=newest")
    for narrowed in ("/?open=1", "/?currency=EUR", "/?min_amount=10%20000", "/?deadline_before=2027-06-30"):
        assert 0 < count(narrowed) < every, narrowed
    topics = re.findall(r'<option value="([^"]+)">[^<]+ \((\d+)\)', get(granter.web.url + "/?q=research").body)
    topic, response = topics[0]
    assert count("/?q=research&topic=" + unescape(topic).replace(" ", "+").replace("&", "%26")) == int(response)
    both = unescape(get(granter.web.url + "/?open=1&currency=EUR&q=research").body)
    assert 'href="/?q=research&currency=EUR"' in both
    assert 'href="/?q=research&open=1"' in both


def test_funders_match_by_part_of_their_name(granter: Granter) -> None:
    assert "Boreal Science Endowment" in get(granter.web.url + "/?funder=boreal+endow").body
    assert "No grant matches" in get(granter.web.url + "/?funder=oreal").body


def test_an_empty_result_has_suggestions(granter: Granter) -> None:
    answer = get(granter.web.url + "/?q=zeppelin&open=1")
    assert answer.status == 200
    assert "No grant matches" in answer.body
    assert "Try fewer or more general words" in answer.body
    assert "Drop a filter" in answer.body


@pytest.mark.parametrize(
    "address",
    [
        "/?page=0", "/?page=-1", "/?page=99999999999", "/?page=9999", "/?sort=x&open=y", "/?q=%00%ff%3C", "/?q=&sort=",
        "/?min_amount=lots&max_amount=1e99", "/?deadline_after=tomorrow", "/?currency=%27", "/?topic=%22or",
        "/?q=a&q=b", "/?q=%F0%9F%8C%8A", "/?q=" + "x" * 2000,
    ],
)  # fmt: skip
def test_any_search_url_is_handled(granter: Granter, address: str) -> None:
    assert get(granter.web.url + address).status == 200


@pytest.mark.parametrize("address", ["/grants/999999999", "/grants/99999999999999999999", "/grants/x", "/nothing"])
def test_a_missing_page_returns_the_404_page(granter: Granter, address: str) -> None:
    answer = get(granter.web.url + address)
    assert answer.status == 404
    assert "Page not found" in answer.body


def test_markup_typed_by_a_visitor_is_escaped(granter: Granter) -> None:
    for name in ("q", "topic", "funder", "region"):
        assert "<script>alert" not in get(granter.web.url + f"/?{name}=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").body


def test_the_content_security_policy_allows_no_other_origin(granter: Granter) -> None:
    answer = get(granter.web.url + "/")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', answer.body)
    assert not re.findall(r"<style|<script>| style=| on\w+=", answer.body)


def test_assets_are_cached_only_with_a_matching_digest(granter: Granter) -> None:
    link = re.search(r"/static/granter\.css\?v=\w+", get(granter.web.url + "/").body)
    assert link
    assert "immutable" in get(granter.web.url + link[0]).headers["cache-control"]
    assert get(granter.web.url + "/static/granter.css?v=other").headers["cache-control"] == "no-store"


@pytest.mark.requirement("P29")
@pytest.mark.parametrize(
    ("service", "path"), [("web", "/?q=water"), ("web", "/static/granter.css"), ("backend", "/api/search")]
)
def test_long_responses_are_compressed_if_accepted(granter: Granter, service: str, path: str) -> None:
    url = f"{getattr(granter, service).url}{path}"
    with httpx2.Client(trust_env=False) as client:
        packed, plain = client.get(url), client.get(url, headers={"Accept-Encoding": "identity"})
    assert (packed.headers["content-encoding"], "accept-encoding" in packed.headers["vary"].lower()) == ("gzip", True)
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert "content-encoding" not in plain.headers


def test_health_reveals_only_the_status(granter: Granter) -> None:
    assert json.loads(get(granter.web.url + "/health").body) == {"status": "ok"}


def test_registration_of_a_known_address_is_not_revealed(granter: Granter) -> None:
    wanted = {"email": "twice@example.org", "password": "four words without reason"}
    first, second = (Visitor(granter.web.url).send("/register", wanted) for _ in range(2))
    assert (first.status_code, first.headers["location"]) == (second.status_code, second.headers["location"])
    assert first.status_code == 303


def test_two_web_frontends_refresh_one_login_concurrently(granter: Granter, start: Start) -> None:
    other = start("web-frontend", BACKEND_URL=granter.backend.url).ready()
    text = {"email": "tabs@example.org", "password": "four words without reason"}
    visitor = Visitor(granter.web.url)
    visitor.send("/register", text)
    cookie = f"granter_refresh={visitor.cookies['granter_refresh']}"
    tabs = [Visitor(granter.web.url), Visitor(other.url)]
    assert [tab.get("/account", Cookie=cookie).status_code for tab in tabs] == [200, 200]
    for tab in tabs:
        tab.cookies.delete("granter_access")
        assert "tabs@example.org" in tab.get("/account").text


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_the_longest_password_can_be_typed(granter: Granter, path: str) -> None:
    assert f'maxlength="{MAX_PASSWORD_LENGTH}"' in get(granter.web.url + path).body


def test_a_short_password_is_reported_next_to_its_field(granter: Granter) -> None:
    answer = Visitor(granter.web.url).send("/register", {"email": "short@example.org", "password": "short"})
    assert answer.status_code == 422
    assert "at least 12 characters" in unescape(answer.text)
    assert 'value="short@example.org"' in answer.text
    assert 'value="short"' not in answer.text
