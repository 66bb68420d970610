"""States that the real backend-core cannot be brought to, played by a stand-in, and what a page must withstand."""

import re
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from browser_chromium import Watch, chromium
from browser_stand_in import GRANT, WHOLE, BackendStandIn, Call, Says, Told, found, tokens
from browser_visitor import Visitor
from granter_services import Service, get, until
from granter_town import Start, starting
from playwright.sync_api import Browser, expect

from mainstay_kit.preview import sign

__all__ = ["chromium"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
KEY = "preview-key-0123456789abcdef"
ME = Told(200, {"email": "ada@example.org", "created_at": "2026-10-01T09:00:00+00:00"})
NONE_SAVED = Told(200, {"saved_searches": []})
SLOW = Told(429, {"detail": "slow down"}, {"Retry-After": "240"})


@pytest.fixture(scope="module")
def stage(folder: Path) -> Iterator[tuple[BackendStandIn, Service]]:
    """A web-frontend before a stand-in."""
    with BackendStandIn() as stand_in, starting(folder) as start:
        yield stand_in, start("web-frontend", BACKEND_URL=stand_in.url, MAINSTAY_PREVIEW_KEY=KEY).ready()


@pytest.fixture
def core(stage: tuple[BackendStandIn, Service]) -> BackendStandIn:
    """The stand-in as if nobody had asked it anything yet."""
    stage[0].begin_anew()
    stage[0].says |= {
        "POST /api/auth/login": tokens("1"),
        "GET /api/auth/me": ME,
        "GET /api/saved-searches": NONE_SAVED,
        "POST /api/auth/logout": Told(204),
    }
    return stage[0]


@pytest.fixture
def web(stage: tuple[BackendStandIn, Service], core: BackendStandIn) -> Service:
    return stage[1]


@pytest.fixture
def visitor(web: Service) -> Visitor:
    """Comes through the front door, from an address of their own."""
    return Visitor(web.url, **{"X-Forwarded-For": f"10.{'.'.join(map(str, uuid.uuid4().bytes[:3]))}"})


def only_with(token: str, told: Told) -> Says:
    return lambda call: told if call.headers.get("authorization") == f"Bearer {token}" else Told(401, {})


@pytest.mark.parametrize("status", [500, 502, 503])
def test_while_backend_core_is_away_the_visitor_keeps_the_question(
    visitor: Visitor, core: BackendStandIn, status: int
) -> None:
    core.says["GET /api/search"] = Told(status, {"detail": "secret reason"}, {"Retry-After": "20"})
    answer = visitor.get("/?q=glacier&open=1&topic=ice")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "20"
    assert "taking a break" in answer.text
    assert "Try again in 20 seconds" in answer.text
    assert 'value="glacier"' in answer.text
    assert 'value="ice" selected' in answer.text
    assert "secret reason" not in answer.text


@pytest.mark.parametrize(
    ("path", "asked", "kept"),
    [
        ("/login", "POST /api/auth/login", 'value="ada@example.org"'),
        ("/register", "POST /api/auth/register", 'value="ada@example.org"'),
        ("/saved/new", "POST /api/saved-searches", 'value="My reefs"'),
    ],
)
def test_while_backend_core_is_away_a_form_keeps_what_was_typed(
    visitor: Visitor, core: BackendStandIn, path: str, asked: str, kept: str
) -> None:
    if path == "/saved/new":
        visitor.log_in()
    core.says[asked] = Told(503, {}, {"Retry-After": "20"})
    answer = visitor.send(path, {"email": "ada@example.org", "password": "p" * 12, "name": "My reefs", "query": "reef"})
    assert answer.status_code == 503
    assert "Try again in 20 seconds" in answer.text
    assert kept in answer.text
    assert "p" * 12 not in answer.text


def test_a_backend_core_that_does_not_listen_is_away_too(start: Start) -> None:
    visitor = Visitor(start("web-frontend", BACKEND_URL="http://127.0.0.1:9").ready().url)
    assert "taking a break" in visitor.get("/?q=glacier").text
    assert visitor.get("/grants/1").status_code == 503
    assert visitor.get("/health").status_code == 200
    assert visitor.get("/suggest?q=gl").json() == {"suggestions": []}


def test_who_asks_too_much_is_told_when_to_come_again(visitor: Visitor, core: BackendStandIn) -> None:
    core.says |= {"GET /api/search": SLOW, "GET /api/grants/7": SLOW, "POST /api/auth/login": SLOW}
    for answer in (visitor.get("/?q=glacier"), visitor.get("/grants/7"), visitor.log_in()):
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "240"
        assert re.search(r"(Try again in|wait) 4 minutes", answer.text)


def test_nonsense_of_a_neighbour_is_no_page_without_an_apology(visitor: Visitor, core: BackendStandIn) -> None:
    core.says["GET /api/search"] = Told(200, ["nonsense"])
    assert visitor.get("/?q=glacier").status_code == 503


def test_before_the_first_notices_the_page_says_so(visitor: Visitor, core: BackendStandIn) -> None:
    core.says["GET /api/search"] = found()
    assert "No grants yet" in visitor.get("/").text


def test_the_filters_are_passed_on_in_the_words_of_the_api(visitor: Visitor, core: BackendStandIn) -> None:
    visitor.get(
        "/?q=reef&topic=water&funder=Fund&region=Fiji&min_amount=1000&max_amount=20000&currency=EUR"
        "&deadline_after=2027-01-01&deadline_before=2027-12-31&open=1&sort=amount&page=2"
    )
    assert core.calls("/api/search")[-1].path == (
        "/api/search?query=reef&topic=water&funder=Fund&region=Fiji&min_amount=1000&max_amount=20000&currency=EUR"
        "&deadline_after=2027-01-01&deadline_before=2027-12-31&open=1&sort=amount&page=2&page_size=10"
    )


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("/?q=reef&topic=&sort=relevance&page=1", "/?q=reef"),
        ("/?q=reef&utm_source=letter", "/?q=reef"),
        ("/?min_amount=50k&currency=eur", "/?min_amount=50000&currency=EUR"),
        ("/?max_amount=1'000", "/?max_amount=1000&currency=NOK"),
    ],
    ids=["what is as usual", "what is not ours", "an amount as people write it", "an amount without currency"],
)
def test_a_search_has_one_address(visitor: Visitor, typed: str, address: str) -> None:
    answer = visitor.get(typed, Accept_Language="nb-NO,nb;q=0.9")
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    assert visitor.get(address).status_code == 200


def test_where_no_sum_of_that_currency_is_found_the_page_says_where_there_are_some(
    visitor: Visitor, core: BackendStandIn
) -> None:
    def answer(call: Call) -> Told:
        asked = dict(parse_qsl(call.path.partition("?")[2]))
        total = 0 if asked.get("currency") == "GBP" else 3 if "min_amount" in asked else 4
        return found(*[GRANT] * bool(total), total=total)

    core.says["GET /api/search"] = answer
    led = visitor.get("/?q=river&min_amount=5k", Accept_Language="en-GB").headers["location"]
    assert led == "/?q=river&min_amount=5000&currency=GBP"
    page = visitor.get(led, Accept_Language="en-GB").text
    assert 'None in GBP; <a href="/?q=river&amp;min_amount=5000&amp;currency=ANY">3 in other currencies</a>' in page
    assert '<a href="/?q=river">4 without filters</a>.' in page
    wider = visitor.get("/?q=river&min_amount=5000&currency=ANY", Accept_Language="en-GB")
    assert wider.status_code == 200
    assert "From 5,000 in any currency" in wider.text


def test_a_call_without_a_date_says_so_in_words(visitor: Visitor, core: BackendStandIn) -> None:
    undated = {**GRANT, "deadline": None}
    core.says["GET /api/search"] = found(undated, {**undated, "rolling": True}, {**undated, "closed": True})
    page = visitor.get("/?q=reef").text
    for words in ("No date given", "Rolling", "Closed"):
        assert f'<span class="word">{words}</span>' in page
    assert "∞" not in page


def test_a_page_beyond_the_last_one_leads_back_to_it(visitor: Visitor, core: BackendStandIn) -> None:
    core.says["GET /api/search"] = found(total=35)
    assert visitor.get("/?q=reef&page=9").headers["location"] == "/?q=reef&page=4"
    assert visitor.get("/?q=reef&page=2").headers["location"] == "/?q=reef"
    assert visitor.get("/?q=reef").status_code == 200


def test_what_was_not_understood_is_said_and_the_rest_is_searched(visitor: Visitor, core: BackendStandIn) -> None:
    answer = visitor.get("/?q=reef&min_amount=lots")
    assert "“lots” is not an amount" in answer.text
    assert "Quiet Harbours" in answer.text
    assert core.calls("/api/search")[-1].path == "/api/search?query=reef&page=1&page_size=10"


def test_amounts_of_many_currencies_are_not_put_in_order_without_a_word(visitor: Visitor) -> None:
    assert "whatever their currency" in visitor.get("/?sort=amount").text
    assert "whatever their currency" not in visitor.get("/?currency=EUR&sort=amount").text


def test_where_nothing_is_found_names_like_it_are_offered(visitor: Visitor, core: BackendStandIn) -> None:
    core.says |= {"GET /api/search": found(), "GET /api/suggest": Told(200, {"suggestions": ["Reef & Sand"]})}
    page = visitor.get("/?q=ree&open=1").text
    assert '<a href="/?q=Reef+%26+Sand">Reef &amp; Sand</a>' in page
    assert 'href="/?q=ree">Search without filters' in page
    assert 'href="/saved/new?q=ree&amp;open=1"' in page


def test_a_search_of_a_taken_name_is_replaced_only_by_one_who_says_so(visitor: Visitor, core: BackendStandIn) -> None:
    visitor.log_in()
    kept = {"id": "a", "name": "Reefs", "query": {"query": "coral"}}
    core.says |= {
        "GET /api/saved-searches": Told(200, {"saved_searches": [kept]}),
        "POST /api/saved-searches": Told(201),
    }
    asked = {"query": "reef", "name": "Reefs"}
    refused = visitor.send("/saved/new", asked)
    assert refused.status_code == 409
    assert "Replace it: coral" in refused.text
    assert not [call for call in core.calls("/api/saved-searches") if call.method == "POST"]
    assert visitor.send("/saved/new", {**asked, "replace": "yes"}).status_code == 303
    assert visitor.send("/saved/new", {"query": "coral", "name": "Reefs"}).status_code == 303


def test_a_deleted_search_can_be_brought_back(visitor: Visitor, core: BackendStandIn) -> None:
    visitor.log_in()
    core.says["DELETE /api/saved-searches/a"] = Told(204)
    core.says["GET /api/saved-searches"] = Told(
        200, {"saved_searches": [{"id": "a", "name": "Reefs", "query": {"query": "coral", "open": "1"}}]}
    )
    answer = visitor.send("/saved/a/delete", {"query": "coral", "open": "1", "name": "Reefs"}, on="/saved")
    page = visitor.get(answer.headers["location"]).text
    assert 'action="/saved/new"' in page
    assert '<input type="hidden" name="query" value="coral">' in page
    assert "bring “Reefs” back" in page
    assert "bring “" not in visitor.get(answer.headers["location"]).text


def test_a_search_gets_another_name_that_is_free(visitor: Visitor, core: BackendStandIn) -> None:
    visitor.log_in()
    kept = {"id": "a", "name": "Reefs", "query": {}}
    taken = Told(409, {"detail": "another saved search has this name"})
    core.says |= {
        "GET /api/saved-searches": Told(200, {"saved_searches": [kept]}),
        "PATCH /api/saved-searches/a": taken,
    }
    assert "Another saved search has this name" in visitor.send("/saved/a/rename", {"name": "Ice"}).text
    core.says["PATCH /api/saved-searches/a"] = Told(200, kept)
    assert visitor.send("/saved/a/rename", {"name": " Ice "}).headers["location"] == "/saved"
    assert core.calls("/api/saved-searches/a")[-1].body == {"name": "Ice"}
    assert visitor.get("/saved/b/rename").status_code == 404


def test_a_saved_search_leads_back_to_what_was_asked(visitor: Visitor, core: BackendStandIn) -> None:
    visitor.log_in()
    query = {"query": "reef", "topic": None, "min_amount": 1000.0, "open": True, "deadline_after": "2027-01-01"}
    core.says["GET /api/saved-searches"] = Told(
        200, {"saved_searches": [{"id": "a-b", "name": "Reefs", "query": query}]}
    )
    page = unescape(visitor.get("/saved").text)
    assert 'href="/?q=reef&min_amount=1000&deadline_after=2027-01-01&open=1"' in page
    assert 'action="/saved/a-b/delete"' in page


@pytest.mark.parametrize(
    ("left", "words"), [(0, "closes today"), (1, "closes tomorrow"), (12, "12 days left"), (31, None), (None, None)]
)
def test_a_call_that_closes_soon_says_so(
    visitor: Visitor, core: BackendStandIn, left: int | None, words: str | None
) -> None:
    core.says["GET /api/search"] = found({**GRANT, "closes_in_days": left})
    hurry = re.findall(r'class="hurry[^>]*>([^<]+)<', visitor.get("/?q=harbour").text)
    assert hurry == ([words] if words else [])


def test_words_are_found_in_the_source_however_it_breaks_its_lines(visitor: Visitor, core: BackendStandIn) -> None:
    core.says["GET /api/grants/7"] = Told(200, WHOLE)
    page = visitor.get("/grants/7").text
    assert '<a id="read-deadline"></a><mark data-of="deadline">Closing date:</mark>' in page
    assert '<mark data-of="deadline"> 4 May 2031</mark>' in page
    assert '<mark data-of="amount">EUR 25 000</mark>' in page
    assert "Gemini" in page


def test_a_notice_that_its_source_took_down_says_so(visitor: Visitor, core: BackendStandIn) -> None:
    core.says["GET /api/grants/7"] = Told(200, {**WHOLE, "withdrawn_at": "2026-11-21T10:00:00+00:00"})
    assert "took this notice down on" in visitor.get("/grants/7").text
    core.says["GET /api/grants/7"] = Told(200, WHOLE)
    assert "took this notice down on" not in visitor.get("/grants/7").text


def test_what_a_notice_says_is_shown_and_not_run(visitor: Visitor, core: BackendStandIn) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    source = {"url": "javascript:alert(1)", "site": evil, "fetched_at": None, "text": evil}
    said = {"by": evil, "at": None, "evidence": evil}
    grant = {
        **WHOLE, "title": evil, "funder": evil, "topics": [evil], "region": evil, "language": evil, "source": source,
        "snippet": [{"text": evil, "mark": True}], "provenance": dict.fromkeys(("title", "funder", "amount"), said),
    }  # fmt: skip
    core.says |= {"GET /api/grants/7": Told(200, grant), "GET /api/search": found(grant)}
    for page in (visitor.get("/grants/7").text, visitor.get("/?q=x").text):
        assert "<script>" not in page
        assert "<img src=x" not in page
        assert "javascript:" not in page


def test_tokens_stay_in_cookies_that_no_script_reads(web: Service) -> None:
    visitor = Visitor(web.url)
    cookies = visitor.log_in().headers.get_list("set-cookie")
    kept = [cookie for cookie in cookies if "access-1" in cookie or "refresh-1" in cookie]
    assert len(kept) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" not in cookie
    secure = Visitor(web.url, **{"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.5"}).get("/login")
    assert secure.headers["set-cookie"].startswith("__Host-granter_form=")
    assert "Secure" in secure.headers["set-cookie"]


def test_an_access_token_that_is_over_is_renewed_behind_the_scenes(visitor: Visitor, core: BackendStandIn) -> None:
    visitor.log_in()
    core.says |= {"GET /api/auth/me": only_with("access-2", ME), "POST /api/auth/refresh": tokens("2")}
    assert "ada@example.org" in visitor.get("/account").text
    assert visitor.cookies["granter_refresh"] == "refresh-2"
    assert core.calls("/api/auth/refresh")[0].body == {"refresh_token": "refresh-1"}


def test_a_log_in_that_has_ended_leads_to_a_new_one_and_back(visitor: Visitor, core: BackendStandIn) -> None:
    visitor.log_in()
    core.says |= {"GET /api/saved-searches": Told(401, {}), "POST /api/auth/refresh": Told(401, {})}
    answer = visitor.get("/saved/new?q=reef&open=1")
    assert answer.status_code == 200
    answer = visitor.get("/saved")
    assert answer.headers["location"] == "/login?next=/saved"
    assert "granter_refresh" not in visitor.cookies
    answer = visitor.get("/saved/new?q=reef&open=1")
    assert answer.headers["location"] == "/login?next=/saved/new%3Fq%3Dreef%26open%3D1"
    sent = {"email": "a@example.org", "password": "p" * 12, "next": "/saved/new?q=reef&open=1"}
    assert visitor.send("/login", sent).headers["location"] == "/saved/new?q=reef&open=1"


def test_what_was_typed_outlives_a_log_in_that_has_ended(visitor: Visitor, core: BackendStandIn) -> None:
    visitor.log_in()
    core.says |= {"POST /api/saved-searches": Told(401, {}), "POST /api/auth/refresh": Told(401, {})}
    answer = visitor.send("/saved/new", {"query": "reef", "name": "My reefs"})
    assert answer.headers["location"] == "/login?next=/saved/new%3Fq%3Dreef%26name%3DMy%2Breefs"
    visitor.log_in()
    assert 'value="My reefs"' in visitor.get("/saved/new?q=reef&name=My+reefs").text


def test_who_registers_while_log_ins_fail_need_not_type_the_address_again(
    visitor: Visitor, core: BackendStandIn
) -> None:
    core.says["POST /api/auth/register"] = Told(201, {"email": "ada@example.org"})
    core.says["POST /api/auth/login"] = Told(503, {})
    answer = visitor.send("/register", {"email": 'a"da@example.org', "password": "p" * 12})
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert 'value="a&#34;da@example.org"' in visitor.get("/login").text
    core.says["POST /api/auth/login"] = tokens("1")
    visitor.log_in()
    assert "granter_address" not in visitor.cookies


def test_who_is_logged_in_is_not_asked_to_log_in(visitor: Visitor) -> None:
    visitor.log_in()
    assert visitor.get("/login?next=/saved").headers["location"] == "/saved"
    assert visitor.get("/register").headers["location"] == "/"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example",
        "javascript:x", "/\t/evil.example", "/\n/evil.example", "https:evil.example", "evil.example",
        " //evil.example", "/%09/evil.example",
    ],
)  # fmt: skip
def test_nobody_is_led_elsewhere(visitor: Visitor, elsewhere: str) -> None:
    sent = {"email": "a@example.org", "password": "p" * 12, "next": elsewhere}
    led = visitor.send("/login", sent).headers["location"]
    assert led in {"/", "/%09/evil.example"}
    assert re.match(r"/([^/\\]|$)", led)


FOREIGN = {
    "another site's page": {"Sec_Fetch_Site": "cross-site"},
    "a neighbour domain's page": {"Sec_Fetch_Site": "same-site"},
    "another origin": {"Origin": "https://evil.example"},
    "an origin that hides": {"Origin": "null"},
}


POSTED = (
    "/login", "/register", "/logout", "/account/delete", "/account/password", "/account/logout-everywhere",
    "/saved/new", "/saved/1/rename", "/saved/1/delete",
)  # fmt: skip


@pytest.mark.parametrize("path", POSTED)
def test_a_form_without_proof_changes_nothing(visitor: Visitor, core: BackendStandIn, path: str) -> None:
    visitor.log_in()
    before = len(core.asked)
    for fields in ({}, {"csrf": ""}, {"csrf": "0." + "0" * 64}):
        answer = visitor.post(path, {**fields, "email": "a@example.org", "password": "p" * 12, "sure": "yes"})
        assert answer.status_code == 403
    assert len(core.asked) == before


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_a_form_from_elsewhere_changes_nothing(visitor: Visitor, core: BackendStandIn, headers: dict[str, str]) -> None:
    answer = visitor.send("/login", {"email": "a@example.org", "password": "p" * 12}, **headers)
    assert answer.status_code == 403
    assert core.calls("/api/auth/login") == []


def test_a_proof_of_one_browser_is_none_for_another(web: Service, core: BackendStandIn) -> None:
    proof = re.search(r'name="csrf" value="([^"]+)"', Visitor(web.url).get("/login").text)
    assert proof
    other = Visitor(web.url)
    other.get("/login")
    assert other.post("/login", {"csrf": proof[1], "email": "a@example.org", "password": "x"}).status_code == 403


def test_a_form_of_another_tab_outlives_signing_out_but_no_other_log_in(visitor: Visitor) -> None:
    visitor.log_in()
    proof = re.search(r'name="csrf" value="([^"]+)"', visitor.get("/saved/new?q=reef").text)
    assert proof
    sent = {"csrf": proof[1], "query": "reef", "name": "Mine"}
    visitor.send("/logout", {})
    assert visitor.post("/saved/new", sent).headers["location"] == "/login?next=/saved/new%3Fq%3Dreef%26name%3DMine"
    visitor.log_in()
    refused = visitor.post("/saved/new", sent)
    assert refused.status_code == 403
    assert '<a href="/saved/new?query=reef&amp;name=Mine">Open the page anew</a>' in refused.text


def test_following_a_link_signs_nobody_out(visitor: Visitor, core: BackendStandIn) -> None:
    visitor.log_in()
    assert "Log out?" in visitor.get("/logout").text
    assert core.calls("/api/auth/logout") == []


def test_signing_out_works_while_backend_core_is_away(visitor: Visitor, core: BackendStandIn) -> None:
    visitor.log_in()
    core.says["POST /api/auth/logout"] = Told(503, {})
    assert visitor.send("/logout", {}).headers["location"] == "/"
    assert "granter_refresh" not in visitor.cookies


def test_an_account_is_deleted_only_by_one_who_is_sure(visitor: Visitor, core: BackendStandIn) -> None:
    core.says["DELETE /api/auth/me"] = Told(204)
    visitor.log_in()
    assert "Nothing was deleted" in visitor.send("/account/delete", {"password": "mine"}).text
    assert visitor.send("/account/delete", {"sure": "yes", "password": "mine"}).status_code == 303
    assert [call.body for call in core.calls("/api/auth/me") if call.method == "DELETE"] == [{"password": "mine"}]


def test_an_account_is_not_deleted_with_a_wrong_password(visitor: Visitor, core: BackendStandIn) -> None:
    core.says["DELETE /api/auth/me"] = Told(403, {"detail": "the password is wrong"})
    visitor.log_in()
    refused = visitor.send("/account/delete", {"sure": "yes", "password": "yours"})
    assert (refused.status_code, "granter_refresh" in visitor.cookies) == (403, True)
    assert "Nothing was deleted. The password is wrong." in refused.text
    assert "yours" not in refused.text


def test_a_visitor_changes_the_password_and_stays_logged_in(visitor: Visitor, core: BackendStandIn) -> None:
    visitor.log_in()
    core.says["POST /api/auth/password"] = Told(403, {"detail": "the password is wrong"})
    sent = {"password": "old words", "new_password": "new words"}
    assert "The password is wrong." in visitor.send("/account/password", sent).text
    core.says["POST /api/auth/password"] = Told(422, {"errors": [{"loc": ["body", "new_password"], "msg": "too easy"}]})
    assert "Too easy" in visitor.send("/account/password", sent).text
    core.says["POST /api/auth/password"] = tokens("2")
    assert visitor.send("/account/password", sent).headers["location"] == "/account"
    assert core.calls("/api/auth/password")[-1].body == sent
    assert visitor.cookies["granter_access"] == "access-2"
    assert "Your password is changed" in visitor.get("/account").text


def test_a_visitor_logs_out_everywhere(visitor: Visitor, core: BackendStandIn) -> None:
    visitor.log_in()
    core.says["POST /api/auth/logout-everywhere"] = Told(204)
    assert visitor.send("/account/logout-everywhere", {}, on="/account").headers["location"] == "/"
    assert core.calls("/api/auth/logout-everywhere")[-1].headers["authorization"] == "Bearer access-1"
    assert "granter_refresh" not in visitor.cookies


def test_who_registers_is_logged_in(visitor: Visitor, core: BackendStandIn) -> None:
    core.says["POST /api/auth/register"] = Told(201, {"email": "ada@example.org"})
    sent = {"email": "ada@example.org", "password": "a long enough phrase", "next": "/saved"}
    assert visitor.send("/register", sent).headers["location"] == "/saved"
    assert visitor.cookies["granter_access"] == "access-1"
    assert "Your account is ready, and you are logged in." in visitor.get("/account").text


def test_who_registers_a_taken_address_is_asked_for_its_password(visitor: Visitor, core: BackendStandIn) -> None:
    core.says["POST /api/auth/register"] = Told(201, {"email": "ada@example.org"})
    core.says["POST /api/auth/login"] = Told(401, {})
    answer = visitor.send("/register", {"email": "ada@example.org", "password": "a long enough phrase"})
    assert answer.headers["location"] == "/login?next=/"
    page = visitor.get("/login").text
    assert "If this address had an account already" in page
    assert 'value="ada@example.org"' in page


def test_the_page_of_the_account_shows_its_id_and_role(visitor: Visitor, core: BackendStandIn) -> None:
    visitor.log_in()
    assert "Curator" not in visitor.get("/account").text
    assert isinstance(ME.document, dict)
    core.says["GET /api/auth/me"] = Told(200, {**ME.document, "id": "7d0f6c1e", "curator": True})
    page = visitor.get("/account").text
    assert "7d0f6c1e" in page
    assert "Curator" in page


def test_a_note_is_told_once(visitor: Visitor) -> None:
    visitor.log_in()
    assert "You are logged in" in visitor.get("/").text
    assert "You are logged in" not in visitor.get("/").text


def test_what_belongs_to_a_request_goes_on_to_backend_core(web: Service, core: BackendStandIn) -> None:
    preview = sign("7", int(time.time()) + 60, KEY.encode())
    headers = {"X-Request-ID": "request-0001", "X-Mainstay-Preview": preview, "X-Forwarded-For": "203.0.113.5"}
    Visitor(web.url, **headers).get("/?q=reef")
    sent = core.calls("/api/search")[-1].headers
    assert sent["x-request-id"] == "request-0001"
    assert sent["x-mainstay-preview"] == preview
    assert sent["x-forwarded-for"] == "203.0.113.5"
    Visitor(web.url, **{"X-Mainstay-Preview": preview[:-1] + "x"}).get("/?q=reef")
    assert "x-mainstay-preview" not in core.calls("/api/search")[-1].headers


def test_what_the_kit_refuses_is_a_page_for_people(visitor: Visitor) -> None:
    html = {"Accept": "text/html"}
    large = visitor.post("/login", {"email": "x" * 100_000}, **html)
    assert large.status_code == 413
    assert "That is too long" in large.text
    answers = [visitor.post("/login", {}, **html) for _ in range(70)]
    assert answers[-1].status_code == 429
    assert "Try again in a moment" in answers[-1].text


def test_metrics_are_not_read_through_the_front_door(visitor: Visitor, web: Service) -> None:
    assert visitor.get("/metrics").status_code == 403
    assert get(web.url + "/metrics").status == 200


def test_passwords_and_tokens_are_in_no_log(visitor: Visitor, web: Service, core: BackendStandIn) -> None:
    visitor.log_in("ada@example.org", "canary password here")
    core.says["GET /api/auth/me"] = Told(500, {})
    visitor.get("/account")
    until(lambda: '"path":"/account"' in web.log.read_text(), "the line of the request")
    told = web.log.read_text()
    assert not [word for word in ("canary password", "access-1", "refresh-1", "ada@example.org") if word in told]


def test_without_a_backend_it_refuses_to_start_and_says_why(start: Start) -> None:
    service = start("web-frontend", LOG_LEVEL="loud")
    assert service.process.wait(10) == 2
    told = service.log.read_text()
    assert "LOG_LEVEL is not one of" in told
    assert "BACKEND_URL is missing" in told


def test_what_was_begun_is_finished_before_it_stops(start: Start, core: BackendStandIn) -> None:
    web = start("web-frontend", BACKEND_URL=core.url).ready()
    gate = threading.Event()

    def held(_: Call) -> Told:
        gate.wait(30)
        return found(GRANT)

    core.says["GET /api/search"] = held
    with ThreadPoolExecutor() as visitors:
        visit = visitors.submit(Visitor(web.url).get, "/?q=tide")
        until(lambda: bool(core.calls("/api/search")), "the visit under way")
        ended = visitors.submit(web.stop)
        until(lambda: get(web.url + "/ready").status == 503, "the word that it stops")
        gate.set()
    assert "Quiet Harbours" in visit.result().text
    assert ended.result() == 0


def test_the_search_asks_again_by_itself_when_the_pause_is_over(
    chromium: Browser, web: Service, core: BackendStandIn
) -> None:
    core.says["GET /api/search"] = Told(429, {}, {"Retry-After": "1"})
    context = chromium.new_context(base_url=web.url)
    page = context.new_page()
    page.goto("/?q=harbour")
    expect(page.locator("#found")).to_contain_text("A little slower")
    core.says["GET /api/search"] = found(GRANT)
    expect(page.get_by_role("link", name="Quiet Harbours")).to_be_visible()
    context.close()


def test_of_quick_typing_only_the_last_words_are_shown(chromium: Browser, web: Service, core: BackendStandIn) -> None:
    def late(call: Call) -> Told:
        if "query=h&" in call.path:
            time.sleep(1)  # an answer that comes after a later one
        return found({**GRANT, "title": f"Asked {call.path}"})

    core.says["GET /api/search"] = late
    context = chromium.new_context(base_url=web.url)
    page = context.new_page()
    watch = Watch(web.url)
    watch.follow(page)
    page.goto("/")
    with page.expect_request("**/?q=h"):
        page.get_by_role("searchbox").fill("h")
    page.get_by_role("searchbox").fill("harbour")
    expect(page.get_by_role("heading", level=3)).to_contain_text("query=harbour")
    page.wait_for_timeout(1_200)
    expect(page.get_by_role("heading", level=3)).to_contain_text("query=harbour")
    context.close()
    assert watch.wrong == []


def test_when_the_service_is_gone_a_page_that_is_open_says_so(
    chromium: Browser, start: Start, core: BackendStandIn
) -> None:
    web = start("web-frontend", BACKEND_URL=core.url).ready()
    context = chromium.new_context(base_url=web.url)
    page = context.new_page()
    page.goto("/?q=harbour")
    expect(page.get_by_role("link", name="Quiet Harbours")).to_be_visible()
    web.stop()
    page.get_by_role("searchbox").fill("harbours")
    expect(page.locator("#connection")).to_be_visible()
    expect(page.get_by_role("link", name="Quiet Harbours")).to_be_visible()
    context.close()
