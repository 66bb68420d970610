import asyncio
from collections.abc import AsyncIterator

import pytest

from kit.tests.driving import answering, ask
from mainstay_kit import FailedLogins, Limit, Problem, Rate, RateLimit
from mainstay_kit.limits.in_postgres import SWEEP_EVERY, PostgresRateStore
from mainstay_kit.postgres import Postgres

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P19"), pytest.mark.xdist_group("kit-postgres")]
THREE_AN_HOUR = Rate(3, 3600)


@pytest.fixture
async def postgres(postgres_server: str) -> AsyncIterator[Postgres]:
    pool = Postgres(postgres_server, size=(1, 4))
    await pool.open()
    async with pool.connection() as connection:
        await connection.execute(PostgresRateStore.TABLE)
        await connection.execute("TRUNCATE kit_rates")
    yield pool
    await pool.close()


async def test_beyond_the_rate_nothing_is_taken_and_the_wait_is_told(postgres: Postgres) -> None:
    store = PostgresRateStore(postgres)
    verdicts = [await store.take("k", THREE_AN_HOUR) for _ in range(5)]
    assert [verdict.allowed for verdict in verdicts] == [True, True, True, False, False]
    assert [verdict.remaining for verdict in verdicts] == [2, 1, 0, 0, 0]
    assert 1190 < verdicts[-1].retry_after <= 1200


async def test_keys_do_not_touch_each_other(postgres: Postgres) -> None:
    store = PostgresRateStore(postgres)
    assert all([(await store.take(f"k{number}", Rate(1, 3600))).allowed for number in range(5)])


async def test_of_many_at_once_no_more_pass_than_may(postgres: Postgres) -> None:
    stores = [PostgresRateStore(postgres) for _ in range(3)]  # as three processes have them
    verdicts = await asyncio.gather(*(store.take("k", THREE_AN_HOUR) for store in stores for _ in range(6)))
    assert sum(verdict.allowed for verdict in verdicts) == 3


async def test_what_is_given_back_can_be_taken_again(postgres: Postgres) -> None:
    store = PostgresRateStore(postgres)
    for _ in range(3):
        await store.take("k", THREE_AN_HOUR)
    await store.give_back("k", THREE_AN_HOUR)
    assert (await store.take("k", THREE_AN_HOUR)).allowed
    assert not (await store.take("k", THREE_AN_HOUR)).allowed


async def test_a_rate_limit_and_failed_logins_stand_on_it(postgres: Postgres) -> None:
    store = PostgresRateStore(postgres)
    app = RateLimit(answering(), limits=[Limit("/", Rate(1, 60))], store=store)
    assert [(await ask(app)).status for _ in range(2)] == [200, 429]
    logins = FailedLogins(store=store)
    for _ in range(10):
        await logins.attempt("ada", "203.0.113.7")
    with pytest.raises(Problem):
        await logins.attempt("ada", "203.0.113.7")


async def test_what_has_been_made_good_is_swept(postgres: Postgres) -> None:
    store = PostgresRateStore(postgres)
    async with postgres.connection() as connection:
        await connection.execute("INSERT INTO kit_rates VALUES ('old', now() - interval '1 second')")
    store._taken = SWEEP_EVERY - 1
    await store.take("k", THREE_AN_HOUR)
    async with postgres.connection() as connection:
        left = await (await connection.execute("SELECT count(*) FROM kit_rates WHERE key = 'old'")).fetchone()
    assert left == (0,)
