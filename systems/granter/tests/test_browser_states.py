"""Pages in states that the real backend-core cannot be put into, and hostile input."""

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
from browser_stubs import GRANT, GRANT_DETAILS, BackendStub, Call, StubHandler, StubResponse, search_results, tokens
from browser_visitor import Visitor
from granter_deployment import Start, starting
from granter_services import Service, get, until
from playwright.sync_api import Browser, expect

__all__ = ["chromium"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
ME = StubResponse(200, {"email": "ada@example.org", "created_at": "2026-10-01T09:00:00+00:00"})
NONE_SAVED = StubResponse(200, {"saved_searches": []})
SLOW = StubResponse(429, {"detail": "slow down"}, {"Retry-After": "240"})


@pytest.fixture(scope="module")
def stage(folder: Path) -> Iterator[tuple[BackendStub, Service]]:
    """A web-frontend with a stub of backend-core."""
    with BackendStub() as stub, starting(folder) as start:
        yield stub, start("web-frontend", BACKEND_URL=stub.url).ready()


@pytest.fixture
def core(stage: tuple[BackendStub, Service]) -> BackendStub:
    """The stub in its initial state."""
    stage[0].reset()
    stage[0].responses |= {
        "POST /api/auth/login": tokens("1"),
        "GET /api/auth/me": ME,
        "GET /api/saved-searches": NONE_SAVED,
        "POST /api/auth/logout": StubResponse(204),
    }
    return stage[0]


@pytest.fixture
def web(stage: tuple[BackendStub, Service], core: BackendStub) -> Service:
    return stage[1]


@pytest.fixture
def visitor(web: Service) -> Visitor:
    """Comes through the front door, from an address of their own."""
    return Visitor(web.url, **{"X-Forwarded-For": f"10.{'.'.join(map(str, uuid.uuid4().bytes[:3]))}"})


def only_with(token: str, response: StubResponse) -> StubHandler:
    return lambda call: response if call.headers.get("authorization") == f"Bearer {token}" else StubResponse(401, {})


@pytest.mark.parametrize("status", [500, 502, 503])
def test_the_search_is_kept_while_backend_core_is_unavailable(visitor: Visitor, core: BackendStub, status: int) -> None:
    core.responses["GET /api/search"] = StubResponse(status, {"detail": "secret reason"}, {"Retry-After": "20"})
    answer = visitor.get("/?q=glacier&open=1&topic=ice")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "20"
    assert "is unavailable" in answer.text
    assert "Try again in 20 seconds" in answer.text
    assert 'value="glacier"' in answer.text
    assert 'value="ice" selected' in answer.text
    assert "secret reason" not in answer.text


@pytest.mark.parametrize(
    ("path", "route", "kept"),
    [
        ("/login", "POST /api/auth/login", 'value="ada@example.org"'),
        ("/register", "POST /api/auth/register", 'value="ada@example.org"'),
        ("/saved/new", "POST /api/saved-searches", 'value="My reefs"'),
    ],
)
def test_forms_keep_their_values_while_backend_core_is_unavailable(
    visitor: Visitor, core: BackendStub, path: str, route: str, kept: str
) -> None:
    if path == "/saved/new":
        visitor.log_in()
    core.responses[route] = StubResponse(503, {}, {"Retry-After": "20"})
    answer = visitor.send(path, {"email": "ada@example.org", "password": "p" * 12, "name": "My reefs", "query": "reef"})
    assert answer.status_code == 503
    assert "Try again in 20 seconds" in answer.text
    assert kept in answer.text
    assert "p" * 12 not in answer.text


def test_a_refused_connection_is_shown_as_unavailable(start: Start) -> None:
    visitor = Visitor(start("web-frontend", BACKEND_URL="http://127.0.0.1:9").ready().url)
    assert "The search is unavailable" in visitor.get("/?q=glacier").text
    assert visitor.get("/grants/1").status_code == 503
    assert visitor.get("/health").status_code == 200
    assert visitor.get("/suggest?q=gl").json() == {"suggestions": []}


def test_rate_limited_requests_get_retry_after(visitor: Visitor, core: BackendStub) -> None:
    core.responses |= {"GET /api/search": SLOW, "GET /api/grants/7": SLOW, "POST /api/auth/login": SLOW}
    for answer in (visitor.get("/?q=glacier"), visitor.get("/grants/7"), visitor.log_in()):
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "240"
        assert re.search(r"(Try again in|wait) 4 minutes", answer.text)


def test_an_invalid_backend_response_is_shown_as_an_error_page(visitor: Visitor, core: BackendStub) -> None:
    core.responses["GET /api/search"] = StubResponse(200, ["nonsense"])
    assert visitor.get("/?q=glacier").status_code == 503


def test_an_empty_database_is_explained_on_the_page(visitor: Visitor, core: BackendStub) -> None:
    core.responses["GET /api/search"] = search_results()
    assert "No grants yet" in visitor.get("/").text


def test_filters_are_sent_as_api_parameters(visitor: Visitor, core: BackendStub) -> None:
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
    ids=["default values", "unknown parameters", "an abbreviated amount", "an amount without currency"],
)
def test_equivalent_searches_have_one_canonical_url(visitor: Visitor, typed: str, address: str) -> None:
    answer = visitor.get(typed, Accept_Language="nb-NO,nb;q=0.9")
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    assert visitor.get(address).status_code == 200


def test_without_results_in_a_currency_other_currencies_are_offered(visitor: Visitor, core: BackendStub) -> None:
    def answer(call: Call) -> StubResponse:
        parameters = dict(parse_qsl(call.path.partition("?")[2]))
        total = 0 if parameters.get("currency") == "GBP" else 3 if "min_amount" in parameters else 4
        return search_results(*[GRANT] * bool(total), total=total)

    core.responses["GET /api/search"] = answer
    location = visitor.get("/?q=river&min_amount=5k", Accept_Language="en-GB").headers["location"]
    assert location == "/?q=river&min_amount=5000&currency=GBP"
    page = visitor.get(location, Accept_Language="en-GB").text
    assert 'None in GBP; <a href="/?q=river&amp;min_amount=5000&amp;currency=ANY">3 in other currencies</a>' in page
    assert '<a href="/?q=river">4 without filters</a>.' in page
    wider = visitor.get("/?q=river&min_amount=5000&currency=ANY", Accept_Language="en-GB")
    assert wider.status_code == 200
    assert "From 5,000 in any currency" in wider.text


def test_a_call_without_a_date_is_labelled(visitor: Visitor, core: BackendStub) -> None:
    undated = {**GRANT, "deadline": None}
    core.responses["GET /api/search"] = search_results(
        undated, {**undated, "rolling": True}, {**undated, "closed": True}
    )
    page = visitor.get("/?q=reef").text
    for words in ("No date given", "Rolling", "Closed"):
        assert f'<span class="word">{words}</span>' in page
    assert "∞" not in page


def test_a_page_number_above_the_last_redirects(visitor: Visitor, core: BackendStub) -> None:
    core.responses["GET /api/search"] = search_results(total=35)
    assert visitor.get("/?q=reef&page=9").headers["location"] == "/?q=reef&page=4"
    assert visitor.get("/?q=reef&page=2").headers["location"] == "/?q=reef"
    assert visitor.get("/?q=reef").status_code == 200


def test_unreadable_values_are_reported_and_the_rest_is_searched(visitor: Visitor, core: BackendStub) -> None:
    answer = visitor.get("/?q=reef&min_amount=lots")
    assert "“lots” is not an amount" in answer.text
    assert "Quiet Harbours" in answer.text
    assert core.calls("/api/search")[-1].path == "/api/search?query=reef&page=1&page_size=10"


def test_sorting_amounts_of_several_currencies_shows_a_note(visitor: Visitor) -> None:
    assert "whatever their currency" in visitor.get("/?sort=amount").text
    assert "whatever their currency" not in visitor.get("/?currency=EUR&sort=amount").text


def test_without_results_similar_names_are_offered(visitor: Visitor, core: BackendStub) -> None:
    core.responses |= {
        "GET /api/search": search_results(),
        "GET /api/suggest": StubResponse(200, {"suggestions": ["Reef & Sand"]}),
    }
    page = visitor.get("/?q=ree&open=1").text
    assert '<a href="/?q=Reef+%26+Sand">Reef &amp; Sand</a>' in page
    assert 'href="/?q=ree">Search without filters' in page
    assert 'href="/saved/new?q=ree&amp;open=1"' in page


def test_replacing_a_saved_search_requires_confirmation(visitor: Visitor, core: BackendStub) -> None:
    visitor.log_in()
    kept = {"id": "a", "name": "Reefs", "query": {"query": "coral"}}
    core.responses |= {
        "GET /api/saved-searches": StubResponse(200, {"saved_searches": [kept]}),
        "POST /api/saved-searches": StubResponse(201),
    }
    search = {"query": "reef", "name": "Reefs"}
    refused = visitor.send("/saved/new", search)
    assert refused.status_code == 409
    assert "Replace it: coral" in refused.text
    assert not [call for call in core.calls("/api/saved-searches") if call.method == "POST"]
    assert visitor.send("/saved/new", {**search, "replace": "yes"}).status_code == 303
    assert visitor.send("/saved/new", {"query": "coral", "name": "Reefs"}).status_code == 303


def test_a_deleted_search_can_be_restored(visitor: Visitor, core: BackendStub) -> None:
    visitor.log_in()
    core.responses["DELETE /api/saved-searches/a"] = StubResponse(204)
    core.responses["GET /api/saved-searches"] = StubResponse(
        200, {"saved_searches": [{"id": "a", "name": "Reefs", "query": {"query": "coral", "open": "1"}}]}
    )
    answer = visitor.send("/saved/a/delete", {"query": "coral", "open": "1", "name": "Reefs"}, on="/saved")
    page = visitor.get(answer.headers["location"]).text
    assert 'action="/saved/new"' in page
    assert '<input type="hidden" name="query" value="coral">' in page
    assert "restore “Reefs”" in page
    assert "restore “" not in visitor.get(answer.headers["location"]).text


def test_a_search_can_be_renamed_to_a_free_name(visitor: Visitor, core: BackendStub) -> None:
    visitor.log_in()
    kept = {"id": "a", "name": "Reefs", "query": {}}
    taken = StubResponse(409, {"detail": "another saved search has this name"})
    core.responses |= {
        "GET /api/saved-searches": StubResponse(200, {"saved_searches": [kept]}),
        "PATCH /api/saved-searches/a": taken,
    }
    assert "Another saved search has this name" in visitor.send("/saved/a/rename", {"name": "Ice"}).text
    core.responses["PATCH /api/saved-searches/a"] = StubResponse(200, kept)
    assert visitor.send("/saved/a/rename", {"name": " Ice "}).headers["location"] == "/saved"
    assert core.calls("/api/saved-searches/a")[-1].body == {"name": "Ice"}
    assert visitor.get("/saved/b/rename").status_code == 404


def test_a_saved_search_links_to_its_query(visitor: Visitor, core: BackendStub) -> None:
    visitor.log_in()
    query = {"query": "reef", "topic": None, "min_amount": 1000.0, "open": True, "deadline_after": "2027-01-01"}
    core.responses["GET /api/saved-searches"] = StubResponse(
        200, {"saved_searches": [{"id": "a-b", "name": "Reefs", "query": query}]}
    )
    page = unescape(visitor.get("/saved").text)
    assert 'href="/?q=reef&min_amount=1000&deadline_after=2027-01-01&open=1"' in page
    assert 'action="/saved/a-b/delete"' in page


@pytest.mark.parametrize(
    ("left", "words"), [(0, "closes today"), (1, "closes tomorrow"), (12, "12 days left"), (31, None), (None, None)]
)
def test_the_days_left_of_a_closing_call_are_shown(
    visitor: Visitor, core: BackendStub, left: int | None, words: str | None
) -> None:
    core.responses["GET /api/search"] = search_results({**GRANT, "closes_in_days": left})
    hurry = re.findall(r'class="hurry[^>]*>([^<]+)<', visitor.get("/?q=harbour").text)
    assert hurry == ([words] if words else [])


def test_evidence_is_found_across_line_breaks(visitor: Visitor, core: BackendStub) -> None:
    core.responses["GET /api/grants/7"] = StubResponse(200, GRANT_DETAILS)
    page = visitor.get("/grants/7").text
    assert '<a id="read-deadline"></a><mark data-of="deadline">Closing date:</mark>' in page
    assert '<mark data-of="deadline"> 4 May 2031</mark>' in page
    assert '<mark data-of="amount">EUR 25 000</mark>' in page
    assert "Gemini" in page


def test_a_withdrawn_notice_is_labelled(visitor: Visitor, core: BackendStub) -> None:
    core.responses["GET /api/grants/7"] = StubResponse(
        200, {**GRANT_DETAILS, "withdrawn_at": "2026-11-21T10:00:00+00:00"}
    )
    assert "took this notice down on" in visitor.get("/grants/7").text
    core.responses["GET /api/grants/7"] = StubResponse(200, GRANT_DETAILS)
    assert "took this notice down on" not in visitor.get("/grants/7").text


def test_markup_in_a_notice_is_escaped(visitor: Visitor, core: BackendStub) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    source = {"url": "javascript:alert(1)", "site": evil, "fetched_at": None, "text": evil}
    text = {"by": evil, "at": None, "evidence": evil}
    grant = {
        **GRANT_DETAILS, "title": evil, "funder": evil, "topics": [evil], "region": evil, "language": evil,
        "source": source,
        "snippet": [{"text": evil, "mark": True}], "provenance": dict.fromkeys(("title", "funder", "amount"), text),
    }  # fmt: skip
    core.responses |= {"GET /api/grants/7": StubResponse(200, grant), "GET /api/search": search_results(grant)}
    for page in (visitor.get("/grants/7").text, visitor.get("/?q=x").text):
        assert "<script>" not in page
        assert "<img src=x" not in page
        assert "javascript:" not in page


def test_tokens_are_in_httponly_cookies(web: Service) -> None:
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


def test_an_expired_access_token_is_refreshed_automatically(visitor: Visitor, core: BackendStub) -> None:
    visitor.log_in()
    core.responses |= {"GET /api/auth/me": only_with("access-2", ME), "POST /api/auth/refresh": tokens("2")}
    assert "ada@example.org" in visitor.get("/account").text
    assert visitor.cookies["granter_refresh"] == "refresh-2"
    assert core.calls("/api/auth/refresh")[0].body == {"refresh_token": "refresh-1"}


def test_an_expired_login_redirects_to_login_and_back(visitor: Visitor, core: BackendStub) -> None:
    visitor.log_in()
    core.responses |= {
        "GET /api/saved-searches": StubResponse(401, {}),
        "POST /api/auth/refresh": StubResponse(401, {}),
    }
    answer = visitor.get("/saved/new?q=reef&open=1")
    assert answer.status_code == 200
    answer = visitor.get("/saved")
    assert answer.headers["location"] == "/login?next=/saved"
    assert "granter_refresh" not in visitor.cookies
    answer = visitor.get("/saved/new?q=reef&open=1")
    assert answer.headers["location"] == "/login?next=/saved/new%3Fq%3Dreef%26open%3D1"
    sent = {"email": "a@example.org", "password": "p" * 12, "next": "/saved/new?q=reef&open=1"}
    assert visitor.send("/login", sent).headers["location"] == "/saved/new?q=reef&open=1"


def test_form_values_are_kept_when_the_login_has_expired(visitor: Visitor, core: BackendStub) -> None:
    visitor.log_in()
    core.responses |= {
        "POST /api/saved-searches": StubResponse(401, {}),
        "POST /api/auth/refresh": StubResponse(401, {}),
    }
    answer = visitor.send("/saved/new", {"query": "reef", "name": "My reefs"})
    assert answer.headers["location"] == "/login?next=/saved/new%3Fq%3Dreef%26name%3DMy%2Breefs"
    visitor.log_in()
    assert 'value="My reefs"' in visitor.get("/saved/new?q=reef&name=My+reefs").text


def test_the_login_page_has_the_address_just_registered(visitor: Visitor, core: BackendStub) -> None:
    core.responses["POST /api/auth/register"] = StubResponse(201, {"email": "ada@example.org"})
    core.responses["POST /api/auth/login"] = StubResponse(503, {})
    answer = visitor.send("/register", {"email": 'a"da@example.org', "password": "p" * 12})
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert 'value="a&#34;da@example.org"' in visitor.get("/login").text
    core.responses["POST /api/auth/login"] = tokens("1")
    visitor.log_in()
    assert "granter_address" not in visitor.cookies


def test_logged_in_visitors_skip_the_login_page(visitor: Visitor) -> None:
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
def test_redirects_never_leave_the_site(visitor: Visitor, elsewhere: str) -> None:
    sent = {"email": "a@example.org", "password": "p" * 12, "next": elsewhere}
    location = visitor.send("/login", sent).headers["location"]
    assert location in {"/", "/%09/evil.example"}
    assert re.match(r"/([^/\\]|$)", location)


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
def test_a_form_without_csrf_token_changes_nothing(visitor: Visitor, core: BackendStub, path: str) -> None:
    visitor.log_in()
    before = len(core.received)
    for fields in ({}, {"csrf": ""}, {"csrf": "0." + "0" * 64}):
        answer = visitor.post(path, {**fields, "email": "a@example.org", "password": "p" * 12, "sure": "yes"})
        assert answer.status_code == 403
    assert len(core.received) == before


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_a_cross_site_form_changes_nothing(visitor: Visitor, core: BackendStub, headers: dict[str, str]) -> None:
    answer = visitor.send("/login", {"email": "a@example.org", "password": "p" * 12}, **headers)
    assert answer.status_code == 403
    assert core.calls("/api/auth/login") == []


def test_a_csrf_token_of_another_browser_is_refused(web: Service, core: BackendStub) -> None:
    proof = re.search(r'name="csrf" value="([^"]+)"', Visitor(web.url).get("/login").text)
    assert proof
    other = Visitor(web.url)
    other.get("/login")
    assert other.post("/login", {"csrf": proof[1], "email": "a@example.org", "password": "x"}).status_code == 403


def test_a_form_of_another_tab_is_valid_after_logout_but_not_after_another_login(visitor: Visitor) -> None:
    visitor.log_in()
    proof = re.search(r'name="csrf" value="([^"]+)"', visitor.get("/saved/new?q=reef").text)
    assert proof
    sent = {"csrf": proof[1], "query": "reef", "name": "Mine"}
    visitor.send("/logout", {})
    assert visitor.post("/saved/new", sent).headers["location"] == "/login?next=/saved/new%3Fq%3Dreef%26name%3DMine"
    visitor.log_in()
    refused = visitor.post("/saved/new", sent)
    assert refused.status_code == 403
    assert '<a href="/saved/new?query=reef&amp;name=Mine">Reload the page</a>' in refused.text


def test_logout_requires_a_post(visitor: Visitor, core: BackendStub) -> None:
    visitor.log_in()
    assert "Log out?" in visitor.get("/logout").text
    assert core.calls("/api/auth/logout") == []


def test_logout_works_without_backend_core(visitor: Visitor, core: BackendStub) -> None:
    visitor.log_in()
    core.responses["POST /api/auth/logout"] = StubResponse(503, {})
    assert visitor.send("/logout", {}).headers["location"] == "/"
    assert "granter_refresh" not in visitor.cookies


def test_deleting_an_account_requires_confirmation(visitor: Visitor, core: BackendStub) -> None:
    core.responses["DELETE /api/auth/me"] = StubResponse(204)
    visitor.log_in()
    assert "Nothing was deleted" in visitor.send("/account/delete", {"password": "mine"}).text
    assert visitor.send("/account/delete", {"sure": "yes", "password": "mine"}).status_code == 303
    assert [call.body for call in core.calls("/api/auth/me") if call.method == "DELETE"] == [{"password": "mine"}]


def test_an_account_is_not_deleted_with_a_wrong_password(visitor: Visitor, core: BackendStub) -> None:
    core.responses["DELETE /api/auth/me"] = StubResponse(403, {"detail": "the password is wrong"})
    visitor.log_in()
    refused = visitor.send("/account/delete", {"sure": "yes", "password": "yours"})
    assert (refused.status_code, "granter_refresh" in visitor.cookies) == (403, True)
    assert "Nothing was deleted. The password is wrong." in refused.text
    assert "yours" not in refused.text


def test_a_visitor_changes_the_password_and_stays_logged_in(visitor: Visitor, core: BackendStub) -> None:
    visitor.log_in()
    core.responses["POST /api/auth/password"] = StubResponse(403, {"detail": "the password is wrong"})
    sent = {"password": "old words", "new_password": "new words"}
    assert "The password is wrong." in visitor.send("/account/password", sent).text
    core.responses["POST /api/auth/password"] = StubResponse(
        422, {"errors": [{"loc": ["body", "new_password"], "msg": "too easy"}]}
    )
    assert "Too easy" in visitor.send("/account/password", sent).text
    core.responses["POST /api/auth/password"] = tokens("2")
    assert visitor.send("/account/password", sent).headers["location"] == "/account"
    assert core.calls("/api/auth/password")[-1].body == sent
    assert visitor.cookies["granter_access"] == "access-2"
    assert "Your password is changed" in visitor.get("/account").text


def test_a_visitor_logs_out_everywhere(visitor: Visitor, core: BackendStub) -> None:
    visitor.log_in()
    core.responses["POST /api/auth/logout-everywhere"] = StubResponse(204)
    assert visitor.send("/account/logout-everywhere", {}, on="/account").headers["location"] == "/"
    assert core.calls("/api/auth/logout-everywhere")[-1].headers["authorization"] == "Bearer access-1"
    assert "granter_refresh" not in visitor.cookies


def test_registration_logs_in(visitor: Visitor, core: BackendStub) -> None:
    core.responses["POST /api/auth/register"] = StubResponse(201, {"email": "ada@example.org"})
    sent = {"email": "ada@example.org", "password": "a long enough phrase", "next": "/saved"}
    assert visitor.send("/register", sent).headers["location"] == "/saved"
    assert visitor.cookies["granter_access"] == "access-1"
    assert "Your account is ready, and you are logged in." in visitor.get("/account").text


def test_registering_a_taken_address_leads_to_the_login_page(visitor: Visitor, core: BackendStub) -> None:
    core.responses["POST /api/auth/register"] = StubResponse(201, {"email": "ada@example.org"})
    core.responses["POST /api/auth/login"] = StubResponse(401, {})
    answer = visitor.send("/register", {"email": "ada@example.org", "password": "a long enough phrase"})
    assert answer.headers["location"] == "/login?next=/"
    page = visitor.get("/login").text
    assert "If this address was registered before" in page
    assert 'value="ada@example.org"' in page


def test_the_account_page_shows_id_and_role(visitor: Visitor, core: BackendStub) -> None:
    visitor.log_in()
    assert "Curator" not in visitor.get("/account").text
    assert isinstance(ME.document, dict)
    core.responses["GET /api/auth/me"] = StubResponse(200, {**ME.document, "id": "7d0f6c1e", "curator": True})
    page = visitor.get("/account").text
    assert "7d0f6c1e" in page
    assert "Curator" in page


def test_a_note_is_shown_once(visitor: Visitor) -> None:
    visitor.log_in()
    assert "You are logged in" in visitor.get("/").text
    assert "You are logged in" not in visitor.get("/").text


def test_request_context_is_forwarded_to_backend_core(web: Service, core: BackendStub) -> None:
    preview = f"1800000000.{'0f' * 32}"
    headers = {"X-Request-ID": "request-0001", "X-Mainstay-Preview": preview, "X-Forwarded-For": "203.0.113.5"}
    Visitor(web.url, **headers).get("/?q=reef")
    sent = core.calls("/api/search")[-1].headers
    assert sent["x-request-id"] == "request-0001"
    assert sent["x-mainstay-preview"] == preview
    assert sent["x-forwarded-for"] == "203.0.113.5"
    Visitor(web.url, **{"X-Mainstay-Preview": preview[:-1] + "x"}).get("/?q=reef")
    assert "x-mainstay-preview" not in core.calls("/api/search")[-1].headers


def test_refusals_of_the_kit_are_html_pages(visitor: Visitor) -> None:
    html = {"Accept": "text/html"}
    large = visitor.post("/login", {"email": "x" * 100_000}, **html)
    assert large.status_code == 413
    assert "Too large" in large.text
    answers = [visitor.post("/login", {}, **html) for _ in range(70)]
    assert answers[-1].status_code == 429
    assert "Try again in a moment" in answers[-1].text


def test_metrics_are_not_available_through_the_edge(visitor: Visitor, web: Service) -> None:
    assert visitor.get("/metrics").status_code == 403
    assert get(web.url + "/metrics").status == 200


def test_passwords_and_tokens_are_in_no_log(visitor: Visitor, web: Service, core: BackendStub) -> None:
    visitor.log_in("ada@example.org", "canary password here")
    core.responses["GET /api/auth/me"] = StubResponse(500, {})
    visitor.get("/account")
    until(lambda: '"path":"/account"' in web.log.read_text(), "the line of the request")
    response = web.log.read_text()
    assert not [word for word in ("canary password", "access-1", "refresh-1", "ada@example.org") if word in response]


def test_without_a_backend_url_it_reports_the_reason_and_exits(start: Start) -> None:
    service = start("web-frontend", LOG_LEVEL="loud")
    assert service.process.wait(10) == 2
    response = service.log.read_text()
    assert "LOG_LEVEL is not one of" in response
    assert "BACKEND_URL is missing" in response


def test_running_requests_finish_before_it_stops(start: Start, core: BackendStub) -> None:
    web = start("web-frontend", BACKEND_URL=core.url).ready()
    gate = threading.Event()

    def held(_: Call) -> StubResponse:
        gate.wait(30)
        return search_results(GRANT)

    core.responses["GET /api/search"] = held
    with ThreadPoolExecutor() as visitors:
        visit = visitors.submit(Visitor(web.url).get, "/?q=tide")
        until(lambda: bool(core.calls("/api/search")), "the visit under way")
        ended = visitors.submit(web.stop)
        until(lambda: get(web.url + "/ready").status == 503, "the word that it stops")
        gate.set()
    assert "Quiet Harbours" in visit.result().text
    assert ended.result() == 0


def test_the_search_retries_after_the_wait(chromium: Browser, web: Service, core: BackendStub) -> None:
    core.responses["GET /api/search"] = StubResponse(429, {}, {"Retry-After": "1"})
    context = chromium.new_context(base_url=web.url)
    page = context.new_page()
    page.goto("/?q=harbour")
    expect(page.locator("#found")).to_contain_text("Too many requests")
    core.responses["GET /api/search"] = search_results(GRANT)
    expect(page.get_by_role("link", name="Quiet Harbours")).to_be_visible()
    context.close()


def test_only_the_last_of_several_quick_searches_is_shown(chromium: Browser, web: Service, core: BackendStub) -> None:
    def late(call: Call) -> StubResponse:
        if "query=h&" in call.path:
            time.sleep(1)  # this response arrives after a later one
        return search_results({**GRANT, "title": f"Request {call.path}"})

    core.responses["GET /api/search"] = late
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


def test_an_open_page_shows_that_the_service_is_unreachable(chromium: Browser, start: Start, core: BackendStub) -> None:
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
