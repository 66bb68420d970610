"""Limits: how often a log-in may fail, over all replicas; and what a flood meets."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from granter_backend import PASSWORD, Backend, Caller, new_address, variables
from granter_core.sweeping import sweep
from granter_data_stub import DataServiceStub
from granter_deployment import starting
from granter_postgres import Postgres
from granter_services import Service

from mainstay_kit.limits.failed_logins import LoginRates
from mainstay_kit.postgres import Postgres as Pool

pytestmark = pytest.mark.requirement("P19", "P31")

WRONG = "a wrong password"
DEFAULT = LoginRates()


@dataclass(frozen=True)
class Replicas:
    """Two replicas of one database, whose counters each test resets."""

    one: Service
    other: Service
    database: str


@pytest.fixture(scope="module")
def running(postgres: Postgres, folder: Path) -> Iterator[Replicas]:
    with DataServiceStub() as data, starting(folder) as start:
        values = variables(postgres.database("limits"), data.url)
        one, other = (start("backend-core", **values) for _ in range(2))
        yield Replicas(one.ready(), other.ready(), "limits")


@pytest.fixture
def replicas(running: Replicas, postgres: Postgres) -> Replicas:
    postgres.execute(running.database, "truncate kit_rates")
    return running


def spend(postgres: Postgres, database: str, seconds: float, keys: str) -> None:
    """As if so much of a rate had been spent."""
    postgres.execute(
        database, f"update kit_rates set spent_until = now() + interval '{seconds} s' where key like '{keys}'"
    )


def test_failed_logins_are_limited_over_all_replicas(replicas: Replicas) -> None:
    email = new_address()
    one = Caller(replicas.one.url)
    other = Caller(replicas.other.url, one.address)
    one.register(email)
    responses = [caller.log_in(email, WRONG).status_code for caller in (one, other) * 5]
    assert responses == [401] * DEFAULT.pair.limit
    stopped = other.log_in(email)
    assert stopped.status_code == 429
    assert 0 < int(stopped.headers["retry-after"]) <= DEFAULT.pair.interval + 1


def test_a_limited_account_can_log_in_after_the_wait(replicas: Replicas, postgres: Postgres) -> None:
    email, caller = new_address(), Caller(replicas.one.url)
    caller.register(email)
    for _ in range(DEFAULT.pair.limit + 1):
        last = caller.log_in(email, WRONG)
    assert last.status_code == 429
    spend(postgres, replicas.database, DEFAULT.pair.tolerance - DEFAULT.pair.interval - 0.1, "login pair %")
    assert caller.log_in(email).status_code == 200


def test_the_owner_can_log_in_while_an_attacker_is_limited(replicas: Replicas) -> None:
    email, attacker, owner = new_address(), Caller(replicas.one.url), Caller(replicas.one.url)
    owner.register(email)
    for _ in range(DEFAULT.pair.limit + 1):
        last = attacker.log_in(email, WRONG)
    assert last.status_code == 429
    assert owner.log_in(email).status_code == 200


@pytest.mark.parametrize(
    ("keys", "tolerance"),
    [
        pytest.param("login account %", DEFAULT.account.tolerance, id="an account, from many addresses"),
        pytest.param("login address %", DEFAULT.address.tolerance, id="an address, at many accounts"),
        pytest.param("login total", DEFAULT.total.tolerance, id="total"),
    ],
)
def test_failed_logins_are_limited(replicas: Replicas, postgres: Postgres, keys: str, tolerance: float) -> None:
    email, caller = new_address(), Caller(replicas.one.url)
    caller.register(email)
    assert caller.log_in(email, WRONG).status_code == 401
    spend(postgres, replicas.database, tolerance + 60, keys)
    assert caller.log_in(email).status_code == 429


def test_correct_passwords_are_not_counted(replicas: Replicas) -> None:
    email, caller = new_address(), Caller(replicas.one.url)
    caller.register(email)
    responses = {caller.log_in(email).status_code for _ in range(DEFAULT.pair.limit + 2)}
    assert responses == {200}


def test_a_thousand_concurrent_attempts_are_limited(replicas: Replicas) -> None:
    email, caller = new_address(), Caller(replicas.one.url)
    caller.register(email)
    callers = [Caller(url, caller.address) for url in (replicas.one.url, replicas.other.url) * 15]
    with ThreadPoolExecutor(30) as guessing:
        responses = [response.status_code for response in guessing.map(lambda one: one.log_in(email, WRONG), callers)]
    assert responses.count(401) <= DEFAULT.pair.limit
    assert set(responses) == {401, 429}


def test_failed_logins_are_counted_in_metrics(replicas: Replicas) -> None:
    caller = Caller(replicas.one.url)
    caller.log_in(new_address(), WRONG)
    counted = [line for line in caller.get("/metrics").text.splitlines() if line.startswith("failed_logins_total")]
    assert float(counted[0].rpartition(" ")[2]) >= 1


def test_rate_counters_contain_no_account_or_address(replicas: Replicas, postgres: Postgres) -> None:
    email, caller = new_address(), Caller(replicas.one.url)
    caller.log_in(email, WRONG)
    kept = postgres.execute(replicas.database, "select key from kit_rates")
    assert kept
    assert email not in kept
    assert caller.address not in kept


def test_expired_rate_counters_are_swept(replicas: Replicas, postgres: Postgres) -> None:
    async def swept() -> None:
        pool = Pool(f"postgresql://granter_app:unused@127.0.0.1:{postgres.port}/{replicas.database}")
        await pool.open()
        await sweep(pool)
        await pool.close()

    Caller(replicas.one.url).log_in(new_address(), WRONG)
    spend(postgres, replicas.database, -1, "login pair %")
    asyncio.run(swept())
    left = postgres.execute(replicas.database, "select key from kit_rates where key <> 'login total'").splitlines()
    assert {key.split()[1] for key in left} == {"account", "address"}


def test_registrations_are_rate_limited(backend: Backend) -> None:
    caller = Caller(backend.service.url)
    responses = [caller.register("no address", PASSWORD) for _ in range(31)]
    assert [response.status_code for response in responses] == [422] * 30 + [429]
    assert int(responses[-1].headers["retry-after"]) >= 1


@pytest.mark.parametrize("chunked", [False, True], ids=["content-length", "chunked"])
def test_a_huge_body_is_refused(backend: Backend, chunked: bool) -> None:
    body = b'{"email":"' + b"x" * (2 * 1024 * 1024) + b'"}'
    caller = Caller(backend.service.url)
    response = caller.chunked("/api/auth/login", body) if chunked else caller.request("POST", "/api/auth/login", body)
    assert response.status_code == 413
