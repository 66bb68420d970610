import asyncio
from collections.abc import AsyncIterator

import pytest

from kit.tests.driving import call, stub_app
from mainstay_kit import FailedLogins, Limit, Problem, Rate, RateLimit
from mainstay_kit.limits.in_postgres import TAKES_PER_SWEEP, PostgresRateStore
from mainstay_kit.postgres import Postgres

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P19"), pytest.mark.xdist_group("kit-postgres")]
THREE_AN_HOUR = Rate(3, 3600)


@pytest.fixture
async def postgres(postgres_server: str) -> AsyncIterator[Postgres]:
    pool = Postgres(postgres_server, pool_size=(1, 4))
    await pool.open()
    async with pool.connection() as connection:
        await connection.execute(PostgresRateStore.TABLE)
        await connection.execute("TRUNCATE kit_rates")
    yield pool
    await pool.close()


async def test_requests_above_the_rate_are_refused_with_the_wait(postgres: Postgres) -> None:
    store = PostgresRateStore(postgres)
    verdicts = [await store.take("k", THREE_AN_HOUR) for _ in range(5)]
    assert [verdict.allowed for verdict in verdicts] == [True, True, True, False, False]
    assert [verdict.remaining for verdict in verdicts] == [2, 1, 0, 0, 0]
    assert 1190 < verdicts[-1].retry_after <= 1200


async def test_keys_are_counted_independently(postgres: Postgres) -> None:
    store = PostgresRateStore(postgres)
    assert all([(await store.take(f"k{number}", Rate(1, 3600))).allowed for number in range(5)])


async def test_concurrent_requests_do_not_exceed_the_rate(postgres: Postgres) -> None:
    stores = [PostgresRateStore(postgres) for _ in range(3)]  # as three processes have them
    verdicts = await asyncio.gather(*(store.take("k", THREE_AN_HOUR) for store in stores for _ in range(6)))
    assert sum(verdict.allowed for verdict in verdicts) == 3


async def test_a_request_given_back_can_be_taken_again(postgres: Postgres) -> None:
    store = PostgresRateStore(postgres)
    for _ in range(3):
        await store.take("k", THREE_AN_HOUR)
    await store.give_back("k", THREE_AN_HOUR)
    assert (await store.take("k", THREE_AN_HOUR)).allowed
    assert not (await store.take("k", THREE_AN_HOUR)).allowed


async def test_rate_limit_and_failed_logins_work_with_the_postgres_store(postgres: Postgres) -> None:
    store = PostgresRateStore(postgres)
    app = RateLimit(stub_app(), limits=[Limit("/", Rate(1, 60))], store=store)
    assert [(await call(app)).status for _ in range(2)] == [200, 429]
    logins = FailedLogins(store=store)
    for _ in range(10):
        await logins.attempt("ada", "203.0.113.7")
    with pytest.raises(Problem):
        await logins.attempt("ada", "203.0.113.7")


async def test_expired_rows_are_swept(postgres: Postgres) -> None:
    store = PostgresRateStore(postgres)
    async with postgres.connection() as connection:
        await connection.execute("INSERT INTO kit_rates VALUES ('old', now() - interval '1 second')")
    store._taken = TAKES_PER_SWEEP - 1
    await store.take("k", THREE_AN_HOUR)
    async with postgres.connection() as connection:
        left = await (await connection.execute("SELECT count(*) FROM kit_rates WHERE key = 'old'")).fetchone()
    assert left == (0,)
