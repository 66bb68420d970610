"""Accounts: register, log in, stay logged in, log out, delete."""

import json
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx2
import jwt
import pytest
from granter_backend import JWT_SECRET, PASSWORD, Backend, Caller, new_address, variables
from granter_deployment import Start
from granter_postgres import Postgres
from granter_services import until

pytestmark = pytest.mark.requirement("Q5", "Q7", "P12")

Forge = Callable[[Mapping[str, object], str], str]


def test_a_registered_account_can_log_in(caller: Caller) -> None:
    email, tokens = caller.new_account()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    me = caller.get("/api/auth/me", tokens["access_token"])
    assert (me.status_code, me.json()["email"]) == (200, email)
    assert me.json().keys() == {"id", "email", "curator", "created_at"}


def test_registering_a_taken_address_gets_the_same_response(caller: Caller) -> None:
    email, _ = caller.new_account()
    again, fresh = caller.register(email, "another long password"), caller.register(new := new_address())
    assert (again.status_code, again.json()) == (201, {"email": email})
    assert (fresh.status_code, fresh.json()) == (201, {"email": new})
    assert again.headers.keys() == fresh.headers.keys()
    assert caller.log_in(email, "another long password").status_code == 401
    assert caller.log_in(email).status_code == 200


def median_duration(request: Callable[[str], httpx2.Response], emails: list[str]) -> float:
    """Return the median duration of the request in seconds."""
    took = []
    for email in emails:
        began = time.perf_counter()
        request(email)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def test_registering_a_taken_address_takes_the_same_time(caller: Caller) -> None:
    email, _ = caller.new_account()
    taken = median_duration(caller.register, [email] * 9)
    fresh = median_duration(caller.register, [new_address() for _ in range(9)])
    assert 0.5 < taken / fresh < 2


def test_an_unknown_account_is_indistinguishable_from_a_wrong_password(caller: Caller) -> None:
    email, _ = caller.new_account()
    invalid, unknown = caller.log_in(email, "a wrong password"), caller.log_in(new_address())
    assert (invalid.status_code, unknown.status_code) == (401, 401)
    assert without_id(invalid.json()) == without_id(unknown.json())
    known = median_duration(lambda address: caller.log_in(address, "a wrong password"), [email] * 7)
    unknown_account = median_duration(
        lambda address: caller.log_in(address, "a wrong password"), [new_address() for _ in range(7)]
    )
    assert 0.5 < known / unknown_account < 2


def without_id(problem: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in problem.items() if name != "request_id"}


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        pytest.param("{0}@example.com", " {0}@EXAMPLE.com ", id="case and blanks"),
        pytest.param("Jos\u00e9.{0}@example.com", "jose\u0301.{0}@example.com", id="a composed letter"),
    ],
)
def test_one_mailbox_is_one_account(caller: Caller, kept: str, typed: str) -> None:
    unique = new_address().partition("@")[0]
    assert caller.register(kept.format(unique)).status_code == 201
    assert caller.log_in(typed.format(unique)).status_code == 200


@pytest.mark.parametrize(
    "email",
    ["", "@", "nobody", "a@", "@b.com", "two words@b.com", "a@b@c.com", "a\u0000b@c.com", "a@-b.com", "a\u202eb@c.com"],
)
def test_an_invalid_address_is_refused(caller: Caller, email: str) -> None:
    refused = caller.register(email)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        pytest.param("eleven chars"[:11], "at least 12", id="too short"),
        pytest.param("x" * 257, "at most 256", id="too long"),
        pytest.param("person@example.com", "must not be the address", id="the address"),
        pytest.param(" Person@Example.COM ", "must not be the address", id="the address in capitals"),
        pytest.param("\ufdfa" * 20, "at most 256", id="too long after normalization"),
        pytest.param("aaaaaaaaaaaa", "easy to guess", id="one character repeated"),
        pytest.param("123456789012", "easy to guess", id="a sequence"),
        pytest.param("password1234", "easy to guess", id="a common password"),
        pytest.param("iloveyouiloveyou", "easy to guess", id="a common password repeated"),
        pytest.param("qwertyuiop[]", "easy to guess", id="a row of the keyboard"),
    ],
)
def test_a_weak_password_is_refused_and_not_echoed(caller: Caller, password: str, why: str) -> None:
    refused = caller.register("person@example.com", password)
    assert refused.status_code == 422
    assert why in refused.text
    assert password not in refused.text
    assert "Value error" not in refused.text


def test_the_longest_password_works_in_any_composition(caller: Caller) -> None:
    email = new_address()
    words = "seven quiet umbrellas + "
    decomposed, composed = words + "e\u0301" * 116, words + "\u00e9" * 116
    assert len(decomposed) == 256
    assert caller.register(email, decomposed).status_code == 201
    assert caller.log_in(email, composed).status_code == 200


def test_a_refresh_token_works_once(caller: Caller) -> None:
    _, first = caller.new_account()
    second = caller.refresh(first["refresh_token"]).json()
    third = caller.refresh(second["refresh_token"])
    assert third.status_code == 200
    assert caller.get("/api/auth/me", third.json()["access_token"]).status_code == 200


def expire_grace_period(postgres: Postgres, backend: Backend) -> None:
    postgres.execute(backend.database, "update sessions set rotated = rotated - interval '10 s'")


def test_reusing_a_refresh_token_ends_only_its_session(caller: Caller, backend: Backend, postgres: Postgres) -> None:
    email, stolen = caller.new_account()
    other = caller.log_in(email).json()
    current = caller.refresh(stolen["refresh_token"]).json()
    expire_grace_period(postgres, backend)
    assert caller.refresh(stolen["refresh_token"]).status_code == 401
    assert caller.refresh(current["refresh_token"]).status_code == 401
    assert caller.get("/api/auth/me", current["access_token"]).status_code == 401
    assert caller.get("/api/auth/me", other["access_token"]).status_code == 200


def test_a_token_spent_two_refreshes_ago_is_refused(caller: Caller) -> None:
    _, first = caller.new_account()
    second = caller.refresh(first["refresh_token"]).json()
    third = caller.refresh(second["refresh_token"]).json()
    assert caller.refresh(first["refresh_token"]).status_code == 401
    assert caller.refresh(third["refresh_token"]).status_code == 401


def test_concurrent_refreshes_all_succeed(caller: Caller) -> None:
    _, tokens = caller.new_account()
    with ThreadPoolExecutor(8) as tabs:
        answers = list(tabs.map(Caller.refresh, [Caller(caller.url) for _ in range(8)], [tokens["refresh_token"]] * 8))
    assert [response.status_code for response in answers] == [200] * 8
    for pair in (response.json() for response in answers):
        assert caller.get("/api/auth/me", pair["access_token"]).status_code == 200
        assert caller.refresh(pair["refresh_token"]).status_code == 200


def test_logout_invalidates_all_tokens_of_the_session(caller: Caller) -> None:
    _, tokens = caller.new_account()
    assert caller.post("/api/auth/logout", {"refresh_token": tokens["refresh_token"]}).status_code == 204
    assert caller.refresh(tokens["refresh_token"]).status_code == 401
    assert caller.get("/api/auth/me", tokens["access_token"]).status_code == 401


def test_logout_works_with_an_access_token_and_ignores_invalid_tokens(caller: Caller) -> None:
    _, tokens = caller.new_account()
    assert caller.request("POST", "/api/auth/logout", token=tokens["access_token"]).status_code == 204
    assert caller.refresh(tokens["refresh_token"]).status_code == 401
    assert caller.post("/api/auth/logout", {"refresh_token": "nonsense"}).status_code == 204


def test_deleting_the_account_deletes_all_its_rows(caller: Caller, backend: Backend, postgres: Postgres) -> None:
    email, tokens = caller.new_account()
    caller.post("/api/saved-searches", {"name": "mine", "query": {"query": "ocean"}}, tokens["access_token"])
    caller.log_in(email, "a wrong password")
    before = rows(postgres, backend)
    assert caller.delete_account(tokens["access_token"]).status_code == 204
    gone = {name: before[name] - after for name, after in rows(postgres, backend).items()}
    assert gone == {"accounts": 1, "sessions": 1, "saved_searches": 1, "kit_rates": 2}
    assert caller.get("/api/auth/me", tokens["access_token"]).status_code == 401
    assert caller.refresh(tokens["refresh_token"]).status_code == 401
    assert caller.log_in(email).status_code == 401


def test_deleting_the_account_requires_its_password(caller: Caller) -> None:
    email, tokens = caller.new_account()
    token = tokens["access_token"]
    assert caller.request("DELETE", "/api/auth/me", token=token).status_code == 422
    refused = caller.delete_account(token, "a wrong password")
    assert (refused.status_code, refused.json()["detail"]) == (403, "the password is wrong")
    assert caller.log_in(email).status_code == 200
    assert caller.delete_account(token).status_code == 204


def test_password_guesses_with_a_stolen_token_are_limited(caller: Caller) -> None:
    token = caller.new_account()[1]["access_token"]
    answers = [caller.delete_account(token, "a wrong password").status_code for _ in range(11)]
    assert answers == [403] * 10 + [429]


NEW_PASSWORD = "seven quiet umbrellas"


def change_password(caller: Caller, token: str, password: str, new: str) -> httpx2.Response:
    return caller.post("/api/auth/password", {"password": password, "new_password": new}, token)


def test_a_changed_password_ends_every_other_session(caller: Caller) -> None:
    email, here = caller.new_account()
    elsewhere = caller.log_in(email).json()
    changed = change_password(caller, here["access_token"], PASSWORD, NEW_PASSWORD)
    assert changed.status_code == 200
    assert caller.get("/api/auth/me", changed.json()["access_token"]).json()["email"] == email
    for tokens in (here, elsewhere):
        assert caller.get("/api/auth/me", tokens["access_token"]).status_code == 401
        assert caller.refresh(tokens["refresh_token"]).status_code == 401
    assert [caller.log_in(email, password).status_code for password in (PASSWORD, NEW_PASSWORD)] == [401, 200]


def test_changing_a_password_requires_the_current_one_and_a_strong_new_one(caller: Caller) -> None:
    email, tokens = caller.new_account()
    token = tokens["access_token"]
    assert change_password(caller, token, "a wrong password", NEW_PASSWORD).status_code == 403
    for bad in ("short", "aaaaaaaaaaaa", email.upper()):
        assert change_password(caller, token, PASSWORD, bad).status_code == 422
    assert change_password(caller, "", PASSWORD, NEW_PASSWORD).status_code == 401
    assert caller.log_in(email).status_code == 200


def test_logout_everywhere_ends_every_session(caller: Caller) -> None:
    email, here = caller.new_account()
    elsewhere = caller.log_in(email).json()
    assert caller.request("POST", "/api/auth/logout-everywhere", token=here["access_token"]).status_code == 204
    for tokens in (here, elsewhere):
        assert caller.get("/api/auth/me", tokens["access_token"]).status_code == 401
        assert caller.refresh(tokens["refresh_token"]).status_code == 401


def rows(postgres: Postgres, backend: Backend) -> dict[str, int]:
    """Return the number of rows of each table that belong to accounts."""
    kept = {"accounts": "", "sessions": "", "saved_searches": "", "kit_rates": " where key ~ 'pair|account'"}
    return {
        name: int(postgres.execute(backend.database, f"select count(*) from {name}{which}"))
        for name, which in kept.items()
    }


def test_tokens_name_their_key_and_a_previous_key_is_valid(caller: Caller) -> None:
    _, tokens = caller.new_account()
    headers = jwt.get_unverified_header(tokens["access_token"])
    assert (headers["alg"], len(headers["kid"])) == ("HS256", 12)
    assert JWT_SECRET not in json.dumps(tokens)


def signed(claims: Mapping[str, object], kid: str, key: str = JWT_SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None}, key, algorithm, {"kid": kid}
    )


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda claims, kid: signed(claims, kid, "", "none"), id="no algorithm"),
        pytest.param(lambda claims, kid: signed(claims, kid, "x" * 40), id="another key"),
        pytest.param(lambda claims, kid: signed(claims, kid, JWT_SECRET, "HS384"), id="another algorithm"),
        pytest.param(lambda claims, _: signed(claims, "?"), id="an unknown key"),
        pytest.param(lambda claims, kid: signed({**claims, "exp": 1}, kid), id="expired"),
        pytest.param(lambda claims, kid: signed({**claims, "use": "refresh"}, kid), id="another use"),
        pytest.param(lambda claims, kid: signed({**claims, "aud": "elsewhere"}, kid), id="for another audience"),
        pytest.param(lambda claims, kid: signed({**claims, "family": None}, kid), id="without a log-in"),
        pytest.param(lambda claims, kid: signed({**claims, "sub": "'"}, kid), id="an unknown account"),
    ],
)
def test_forged_and_stale_tokens_are_refused(caller: Caller, forge: Forge) -> None:
    _, tokens = caller.new_account()
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    kid = jwt.get_unverified_header(tokens["access_token"])["kid"]
    assert caller.get("/api/auth/me", forge(claims, kid)).status_code == 401


def test_refresh_and_access_tokens_are_not_interchangeable(caller: Caller) -> None:
    _, tokens = caller.new_account()
    assert caller.get("/api/auth/me", tokens["refresh_token"]).status_code == 401
    assert caller.refresh(tokens["access_token"]).status_code == 401


def test_passwords_are_stored_as_argon2id_and_not_logged(backend: Backend, postgres: Postgres) -> None:
    caller = Caller(backend.service.url)
    email, tokens = caller.new_account()
    caller.log_in(email, "canary-wrong-password")
    kept = postgres.execute(backend.database, f"select password_hash from accounts where email = '{email}'")
    assert kept.startswith("$argon2id$")
    until(lambda: '"path":"/api/auth/login"' in backend.service.log.read_text(), "the line of the log-in")
    log = backend.service.log.read_text()
    for canary in (PASSWORD, "canary-wrong-password", JWT_SECRET, tokens["refresh_token"], kept, email):
        assert canary not in log


def audited(backend: Backend, address: str) -> list[dict[str, object]]:
    """Return the lines of the audit trail that come from *address*."""
    lines = [line for line in backend.service.log.read_text().splitlines() if '"granter.audit"' in line]
    return [line for line in map(json.loads, lines) if line["from"] == address]


def test_the_audit_trail_has_account_action_and_address(backend: Backend, caller: Caller) -> None:
    email, tokens = caller.new_account()
    identity = caller.get("/api/auth/me", tokens["access_token"]).json()["id"]
    caller.log_in(email, "canary-wrong-password")
    caller.log_in(new_address(), "canary-wrong-password")
    token = change_password(caller, tokens["access_token"], PASSWORD, NEW_PASSWORD).json()["access_token"]
    caller.delete_account(token, "canary-wrong-password")
    caller.delete_account(token, NEW_PASSWORD)
    until(lambda: len(audited(backend, caller.address)) >= 6, "the lines of the audit trail")
    lines = audited(backend, caller.address)
    actions = "logged in", "log-in failed", "log-in failed", "password changed", "deletion refused", "account deleted"
    assert tuple(line["action"] for line in lines) == actions
    assert [line["account"] for line in lines] == [identity, identity, None, identity, identity, identity]
    assert all(line["at"] and line["request_id"] for line in lines)
    written = json.dumps(lines)
    for secret in (email, PASSWORD, NEW_PASSWORD, "canary-wrong-password", token):
        assert secret not in written


def test_the_audit_trail_ignores_the_log_level(postgres: Postgres, start: Start) -> None:
    values = variables(postgres.database("audited"), "http://127.0.0.1:9", LOG_LEVEL="error")
    service = start("backend-core", **values).ready()
    Caller(service.url).new_account()
    until(lambda: '"action":"logged in"' in service.log.read_text(), "the line of the log-in")
