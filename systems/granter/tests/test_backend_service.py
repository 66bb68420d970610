"""backend-core as a service: starting, probes, stopping, its description, and responses to malformed input."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from granter_backend import Backend, Caller, variables
from granter_core.settings import Settings
from granter_data_stub import DataServiceStub
from granter_deployment import Start, starting
from granter_postgres import Postgres
from granter_services import TOKEN, get, until

pytestmark = pytest.mark.requirement("Q5", "A26", "A29", "A30", "A31")

GONE = "postgresql://none@127.0.0.1:9/nothing"
UNUSUAL_VALUES = [
    "",
    "\0",
    "\ud800",
    "'; drop table accounts; --",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "../../etc/passwd",
    "x" * 70_000,
    "\u202e\u0000\uffff",
    -1,
    2**80,
    1e308,
    True,
    None,
    [],
    [[[]]],
    {},
    {"$gt": ""},
]


def test_starting_takes_at_most_four_seconds_of_processor_time(postgres: Postgres, start: Start) -> None:
    service = start("backend-core", **variables(postgres.database("starting"), "http://127.0.0.1:9")).ready()
    used = psutil.Process(service.process.pid).cpu_times()  # not the duration: it depends on the machine's load
    assert used.user + used.system < 4


def test_without_its_variables_it_reports_all_and_exits(start: Start) -> None:
    service = start("backend-core", JWT_SECRET="short", SERVICE_TOKEN="ab" * 20)
    assert service.process.wait(20) == 2
    log = service.log.read_text()
    for message in ("DATABASE_URL is missing", "DATA_SERVICE_URL is missing", "JWT_SECRET is shorter", "too regular"):
        assert message in log


def test_equal_secrets_are_refused(start: Start) -> None:
    service = start("backend-core", **variables(GONE, "http://127.0.0.1:9", JWT_SECRET=TOKEN))
    assert service.process.wait(20) == 2
    assert "same value" in service.log.read_text()


def test_without_its_database_it_is_live_but_unready(start: Start) -> None:
    service = start("backend-core", **variables(GONE, "http://127.0.0.1:9"))
    until(lambda: service.responds("/live"), "/live")
    assert [get(service.url + path).status for path in ("/ready", "/health", "/api/health")] == [503] * 3
    problem = Caller(service.url).log_in("a@b.com")
    assert (problem.status_code, "retry-after" in problem.headers) == (503, True)
    assert service.stop() == 0


@pytest.mark.parametrize("path", ["/live", "/ready", "/health", "/ping", "/api/health"])
def test_probes_reveal_only_the_status(backend: Backend, path: str) -> None:
    response = get(backend.service.url + path)
    assert response.status == 200
    assert response.body in {'{"status":"ok"}', "pong"}


def test_the_service_token_gives_access_to_details(backend: Backend) -> None:
    values = json.loads(get(backend.service.url + "/health", X_Service_Token=TOKEN).body)
    assert {check["name"]: check["required"] for check in values["checks"]} == {"database": True, "data-service": False}


def test_it_is_ready_without_the_data_service(postgres: Postgres, start: Start) -> None:
    service = start("backend-core", **variables(postgres.database("alone"), "http://127.0.0.1:9")).ready()
    caller = Caller(service.url)
    away = caller.get("/api/search")
    assert (away.status_code, away.headers["retry-after"]) == (503, "5")
    assert caller.new_account()[1]["token_type"] == "Bearer"


def test_a_previous_key_is_valid_until_removed(postgres: Postgres, start: Start) -> None:
    database, new = postgres.database("keys"), "another-secret-80c4b7e19d2f6a35-41aa"
    old = variables(database, "http://127.0.0.1:9")
    _, tokens = Caller(start("backend-core", **old).ready().url).new_account()
    both = {**old, "JWT_SECRET": new, "JWT_SECRET_PREVIOUS": old["JWT_SECRET"]}
    overlapping = Caller(start("backend-core", **both).ready().url)
    assert overlapping.get("/api/auth/me", tokens["access_token"]).status_code == 200
    fresh = overlapping.refresh(tokens["refresh_token"]).json()
    after = Caller(start("backend-core", **{**old, "JWT_SECRET": new}).ready().url)
    assert after.get("/api/auth/me", fresh["access_token"]).status_code == 200
    assert after.get("/api/auth/me", tokens["access_token"]).status_code == 401


def test_a_service_token_is_replaced_without_a_refused_request(postgres: Postgres, start: Start) -> None:
    address, new = postgres.database("service_tokens"), "another-token-4f1d9c-73b0-e82a65"
    values = {"DATABASE_URL": address, "NOTICE_SITE_URL": ""}
    data = start("data-service", **values, SERVICE_TOKEN=new, SERVICE_TOKEN_PREVIOUS=TOKEN).ready()
    statuses = [get(data.url + "/scrape", X_Service_Token=token).status for token in (new, TOKEN, "x" * 40)]
    assert statuses == [200, 200, 401]
    after = start("data-service", **values, SERVICE_TOKEN=new).ready()
    assert [get(after.url + "/scrape", X_Service_Token=token).status for token in (new, TOKEN)] == [200, 401]


@pytest.fixture(scope="module")
def closed(postgres: Postgres, folder: Path) -> Iterator[Caller]:
    """backend-core in production."""
    with DataServiceStub() as data, starting(folder) as start:
        values = variables(postgres.database("production"), data.url, GRANTER_ENVIRONMENT="production")
        yield Caller(start("backend-core", **values).ready().url)


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs", "/openapi.json", "/docs", "/redoc"])
def test_the_api_description_is_hidden_in_production(closed: Caller, path: str) -> None:
    assert closed.get(path).status_code == 404


def test_the_default_environment_is_production() -> None:
    assert Settings.__dataclass_fields__["granter_environment"].default == "production"


@pytest.fixture(scope="module")
def described(backend: Backend) -> dict[str, Any]:
    document: dict[str, Any] = Caller(backend.service.url).get("/api/openapi.json").json()
    return document


def test_the_api_page_works_without_scripts(caller: Caller, described: dict[str, Any]) -> None:
    page = caller.get("/api/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in page.text
    assert all(path in page.text for path in described["paths"])


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_arbitrary_requests_get_documented_responses_and_no_5xx(caller: Caller, described: dict[str, Any]) -> None:
    token = caller.new_account()[1]["access_token"]
    for method, path, operation in operations(described):
        for value in UNUSUAL_VALUES:
            response = caller.request(method, *filled(path, operation, described, value), token=token)
            documented = operation["responses"].get(str(response.status_code))
            assert documented is not None, (method, path, value, response.status_code, response.text)
            assert response.status_code < 500, (method, path, value)
            kind = response.headers.get("content-type", "")
            assert kind in documented.get("content", {"": None}), (method, path, value, kind)
        if (method, path) == ("DELETE", "/api/auth/me"):
            token = caller.new_account()[1]["access_token"]


def filled(path: str, operation: Mapping[str, Any], document: Mapping[str, Any], value: object) -> tuple[str, object]:
    """The operation's address and body with *value* in every place."""
    text = quote(str(value).encode(errors="replace"), safe="")[:3000] or "%20"
    requested = "&".join(f"{one['name']}={text}" for one in operation.get("parameters", ()) if one["in"] == "query")
    for one in operation.get("parameters", ()):
        path = path.replace(f"{{{one['name']}}}", text)
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    names = [choice["$ref"].rsplit("/", 1)[1] for choice in body.get("anyOf", [body]) if "$ref" in choice]
    body = {name: value for model in names for name in document["components"]["schemas"][model]["properties"]}
    return (f"{path}?{requested}" if requested else path), (body or None)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b"\xff\xfe", b'"text"', b"[" * 100_000, b'{"email": NaN}', b'{"\\ud800": 1}'],
    ids=["empty", "cut", "null", "a list", "no text", "a text", "deep", "no number", "half a character"],
)
@pytest.mark.parametrize("path", ["/api/auth/register", "/api/auth/login", "/api/auth/refresh"])
def test_a_malformed_body_is_refused(caller: Caller, path: str, body: bytes) -> None:
    refused = caller.request("POST", path, body)
    assert refused.status_code in {400, 422}
    assert refused.headers["content-type"] == "application/problem+json"


def test_responses_have_each_security_header_once(caller: Caller) -> None:
    headers = caller.get("/api/search").headers
    for name in ("content-security-policy", "x-content-type-options", "referrer-policy", "x-frame-options"):
        assert len(headers.get_list(name)) == 1
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers
