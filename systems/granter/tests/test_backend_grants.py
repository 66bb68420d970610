"""Grants through backend-core: search, reading, saved searches, and failures of the data-service."""

import json
from collections.abc import Iterator

import pytest
from granter_backend import Backend, Caller
from granter_data_stub import GRANT, DataServiceStub
from granter_services import TOKEN

pytestmark = pytest.mark.requirement("Q8", "Q11")

SEARCH = {
    "query": "ocean",
    "topic": "ocean",
    "funder": "Harbour Trust",
    "region": "Europe",
    "min_amount": "5000",
    "max_amount": "50000.5",
    "currency": "EUR",
    "deadline_after": "2027-01-01",
    "deadline_before": "2027-12-31",
    "open": "1",
    "sort": "deadline",
}


@pytest.fixture
def data(backend: Backend) -> Iterator[DataServiceStub]:
    yield backend.data
    backend.data.responses.clear()


@pytest.fixture
def token(caller: Caller) -> str:
    access: str = caller.new_account()[1]["access_token"]
    return access


def address_of(path: str, requested: dict[str, str]) -> str:
    return path + "?" + "&".join(f"{name}={value}" for name, value in requested.items())


def test_searching_needs_no_account(caller: Caller) -> None:
    found = caller.get("/api/search?query=ocean")
    assert (found.status_code, found.headers["content-type"]) == (200, "application/json")
    assert (found.json()["total"], found.json()["grants"][0]) == (1, GRANT)


def test_filters_are_forwarded_with_the_service_token(caller: Caller, data: DataServiceStub) -> None:
    requested = {**SEARCH, "page": "2", "page_size": "50"}
    assert caller.get(address_of("/api/search", requested)).status_code == 200
    assert data.requests[-1] == ("/grants", requested)
    assert data.headers["x-service-token"] == TOKEN
    assert data.headers["x-forwarded-for"] == caller.address
    assert "authorization" not in data.headers


@pytest.mark.parametrize(
    "invalid",
    ["page=0", "page=x", "page_size=101", "min_amount=-1", "min_amount=nan", "max_amount=1e99", "sort=best",
     "deadline_after=yesterday", "deadline_before=0", "currency=euros", "open=perhaps", "query=" + "x" * 301],
)  # fmt: skip
def test_an_invalid_search_is_refused(caller: Caller, invalid: str) -> None:
    refused = caller.get("/api/search?" + invalid)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["loc"] == ["query", invalid.partition("=")[0]]


def test_a_grant_has_its_source_and_evidence(caller: Caller) -> None:
    grant = caller.get("/api/grants/7").json()
    assert grant["source"]["site"] == "north"
    assert grant["provenance"]["title"]["by"] == "rules"


@pytest.mark.parametrize(
    ("number", "status"), [("8", 404), ("0", 422), ("x", 422), (str(2**63), 422), ("..%2fscrape", 404)]
)
def test_an_unknown_grant_returns_404_problem_details(caller: Caller, number: str, status: int) -> None:
    refused = caller.get(f"/api/grants/{number}")
    assert (refused.status_code, refused.headers["content-type"]) == (status, "application/problem+json")


def test_typed_words_are_completed(caller: Caller) -> None:
    assert caller.get("/api/suggest?query=oce").json() == {"suggestions": ["Ocean Plastics Prize"]}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        pytest.param(500, b"Traceback: secret.py", 502, id="500"),
        pytest.param(401, b"{}", 502, id="401"),
        pytest.param(503, b"{}", 503, id="503"),
        pytest.param(200, b"<html>", 502, id="not JSON"),
        pytest.param(200, b'{"total": "many"}', 502, id="unexpected structure"),
        pytest.param(422, b'{"detail": "topic is odd"}', 422, id="422"),
    ],
)
def test_data_service_errors_reveal_no_internals(
    caller: Caller, data: DataServiceStub, status: int, body: bytes, expected: int
) -> None:
    data.responses["/grants"] = (status, body)
    problem = caller.get("/api/search?query=ocean")
    assert (problem.status_code, problem.headers["content-type"]) == (expected, "application/problem+json")
    assert "secret.py" not in problem.text


def test_unknown_fields_of_the_data_service_are_passed_on(caller: Caller, data: DataServiceStub) -> None:
    values = {"total": 0, "page": 1, "page_size": 20, "grants": [], "facets": {}, "took_ms": 3}
    data.responses["/grants"] = (200, json.dumps(values).encode())
    assert caller.get("/api/search").json()["took_ms"] == 3


def test_a_saved_search_can_be_run_again(caller: Caller, token: str) -> None:
    saved = caller.post("/api/saved-searches", {"name": " My  oceans ", "query": SEARCH}, token)
    assert (saved.status_code, saved.json()["name"], saved.json()["query"]) == (201, "My oceans", SEARCH)
    assert caller.get("/api/saved-searches", token).json() == {"saved_searches": [saved.json()]}
    assert caller.get(address_of("/api/search", saved.json()["query"])).status_code == 200


@pytest.mark.parametrize("amount", [True, False, -1, "much", 1e13, [5]])
def test_an_invalid_amount_is_not_saved(caller: Caller, token: str, amount: object) -> None:
    wanted = {"name": "mine", "query": {"max_amount": amount}}
    assert caller.post("/api/saved-searches", wanted, token).status_code == 422


def test_an_amount_of_zero_is_accepted(caller: Caller, token: str) -> None:
    saved = caller.post("/api/saved-searches", {"name": "mine", "query": {"max_amount": 0, "open": False}}, token)
    assert saved.json()["query"] == {"max_amount": "0"}


def test_saving_under_a_used_name_replaces_the_search(caller: Caller, token: str) -> None:
    first = caller.post("/api/saved-searches", {"name": "mine", "query": {"query": "ocean"}}, token).json()
    second = caller.post("/api/saved-searches", {"name": "mine", "query": {"query": "soil"}}, token).json()
    assert (second["id"], second["query"]) == (first["id"], {"query": "soil"})
    assert len(caller.get("/api/saved-searches", token).json()["saved_searches"]) == 1


def test_a_saved_search_can_be_renamed_to_a_free_name(caller: Caller, token: str) -> None:
    mine, other = (
        caller.post("/api/saved-searches", {"name": name, "query": SEARCH}, token).json() for name in ("mine", "other")
    )
    renamed = caller.request("PATCH", f"/api/saved-searches/{mine['id']}", {"name": " My  seas "}, token=token)
    assert (renamed.status_code, renamed.json()) == (200, {**mine, "name": "My seas"})
    taken = caller.request("PATCH", f"/api/saved-searches/{mine['id']}", {"name": "other"}, token=token)
    assert (taken.status_code, taken.json()["detail"]) == (409, "another saved search has this name")
    other_account = caller.new_account()[1]["access_token"]
    for requested in ({"name": ""}, {"name": "\u200b"}, {}):
        assert caller.request("PATCH", f"/api/saved-searches/{other['id']}", requested, token=token).status_code == 422
    assert (
        caller.request("PATCH", f"/api/saved-searches/{mine['id']}", {"name": "x"}, token=other_account).status_code
        == 404
    )


def test_a_saved_search_is_visible_to_its_owner_only(caller: Caller, token: str) -> None:
    saved = caller.post("/api/saved-searches", {"name": "mine", "query": {}}, token).json()["id"]
    other_account = caller.new_account()[1]["access_token"]
    assert caller.get("/api/saved-searches", other_account).json() == {"saved_searches": []}
    assert caller.request("DELETE", f"/api/saved-searches/{saved}", token=other_account).status_code == 404
    assert caller.request("DELETE", f"/api/saved-searches/{saved}", token=token).status_code == 204
    assert caller.request("DELETE", f"/api/saved-searches/{saved}", token=token).status_code == 404


def test_an_account_has_at_most_a_hundred_saved_searches(caller: Caller, token: str) -> None:
    for number in range(100):
        assert caller.post("/api/saved-searches", {"name": f"n{number}", "query": {}}, token).status_code == 201
    assert caller.post("/api/saved-searches", {"name": "one more", "query": {}}, token).status_code == 409
    assert caller.post("/api/saved-searches", {"name": "n7", "query": {}}, token).status_code == 201


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/auth/me"),
        ("DELETE", "/api/auth/me"),
        ("GET", "/api/saved-searches"),
        ("POST", "/api/saved-searches"),
        ("PATCH", "/api/saved-searches/00000000-0000-0000-0000-000000000000"),
        ("DELETE", "/api/saved-searches/00000000-0000-0000-0000-000000000000"),
        ("GET", "/api/scrape"),
        ("POST", "/api/scrape"),
        ("POST", "/api/extract"),
    ],
)
def test_requests_without_an_access_token_are_refused(caller: Caller, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic eDp5"}):
        refused = caller.request(method, path, {"name": "n", "query": {}, "text": "t"}, headers=headers)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")


def test_the_scraping_status_is_passed_on(caller: Caller, token: str) -> None:
    assert [source["name"] for source in caller.get("/api/scrape", token).json()["sources"]] == ["north", "south"]
