import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from kit.tests.driving import answering, ask
from kit.tests.serving import free_port
from mainstay_kit import Probes, Problem, Registry, Secret
from mainstay_kit.postgres import Postgres

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P28"), pytest.mark.xdist_group("kit-postgres")]


@pytest.fixture
async def registry() -> Registry:
    return Registry()


@pytest.fixture
async def postgres(postgres_server: str, registry: Registry) -> AsyncIterator[Postgres]:
    pool = Postgres(
        Secret(postgres_server),
        size=(1, 2),
        wait=0.2,
        statement=0.3,
        lock=0.2,
        idle_in_transaction=0.3,
        registry=registry,
    )
    await pool.open()
    yield pool
    await pool.close()


async def test_what_a_block_did_is_committed_and_undone_when_it_raises(postgres: Postgres) -> None:
    async with postgres.connection() as connection:
        await connection.execute("CREATE TABLE things (name text)")
    with pytest.raises(psycopg.errors.DivisionByZero):
        await insert_and_fail(postgres)
    async with postgres.connection() as connection:
        assert await (await connection.execute("SELECT count(*) FROM things")).fetchone() == (0,)


async def test_a_statement_that_takes_too_long_is_ended(postgres: Postgres) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        async with postgres.connection() as connection:
            await connection.execute("SELECT pg_sleep(5)")


async def test_a_lock_is_not_waited_for_for_ever(postgres: Postgres) -> None:
    async with postgres.connection() as holder:
        await holder.execute("CREATE TABLE locked (name text)")
        await holder.commit()
        await holder.execute("LOCK TABLE locked")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            async with postgres.connection() as other:
                await other.execute("SELECT * FROM locked")


async def test_an_empty_pool_answers_503_soon_and_counts_it(postgres: Postgres, registry: Registry) -> None:
    async with postgres.connection(), postgres.connection():
        with pytest.raises(Problem) as caught:
            async with asyncio.timeout(5), postgres.connection():
                pass
        assert caught.value.status == 503
        assert (b"retry-after", b"1") in caught.value.answer.headers
        assert b"db_pool_connections_in_use{} 2" in registry.text()
    assert b"db_pool_timeouts_total{} 1" in registry.text()
    assert b"db_pool_connections_in_use{} 0" in registry.text()


async def test_who_comes_when_many_wait_is_refused_at_once(postgres_server: str) -> None:
    pool = Postgres(postgres_server, size=(1, 1), wait=60)
    await pool.open()
    async with pool.connection():
        waiting = [asyncio.create_task(use(pool)) for _ in range(10)]
        await asyncio.sleep(0)
        with pytest.raises(Problem) as caught:
            async with asyncio.timeout(5):
                await use(pool)
        assert caught.value.status == 503
    await asyncio.gather(*waiting)
    await pool.close()


async def test_every_limit_holds_on_the_connection_and_the_server_is_told_whose_it_is(postgres: Postgres) -> None:
    names = "statement_timeout lock_timeout idle_in_transaction_session_timeout application_name"
    async with postgres.connection() as connection:
        told = [await (await connection.execute(f"SHOW {name}")).fetchone() for name in names.split()]
    assert told == [("300ms",), ("200ms",), ("300ms",), ("mainstay-kit",)]


async def test_how_many_connections_are_open_can_be_read(postgres: Postgres, registry: Registry) -> None:
    async with postgres.connection(), postgres.connection():
        assert b"db_pool_connections_open{} 2" in registry.text()


async def test_a_connection_whose_block_raised_is_not_in_use_any_more(postgres: Postgres, registry: Registry) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        await fail(postgres)
    assert b"db_pool_connections_in_use{} 0" in registry.text()


@pytest.mark.parametrize(("name", "value"), [("search_path", '"a b", "c\\d"'), ("jit", "off")])
async def test_further_settings_hold_on_every_connection(postgres_server: str, name: str, value: str) -> None:
    pool = Postgres(postgres_server, settings={name: value})
    await pool.open()
    async with pool.connection() as connection:
        assert await (await connection.execute(f"SHOW {name}")).fetchone() == (value,)
    await pool.close()


async def test_a_connection_that_died_is_not_handed_out(postgres_server: str, postgres: Postgres) -> None:
    async with postgres.connection() as connection:
        pid = connection.info.backend_pid
    async with await psycopg.AsyncConnection.connect(postgres_server) as other:
        await other.execute("SELECT pg_terminate_backend(%s)", [pid])
    async with postgres.connection() as connection:
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
        assert connection.info.backend_pid != pid


async def test_a_database_that_is_away_makes_the_service_unready_and_lets_it_start() -> None:
    away = Postgres(f"postgresql://app@127.0.0.1:{free_port()}/postgres", wait=0.1)
    await asyncio.wait_for(away.open(), 1)
    app = Probes(answering(), dependencies=[away.dependency()])
    assert (await ask(app, "/ready")).status == 503
    await away.close()


async def test_a_database_that_is_there_makes_it_ready(postgres: Postgres) -> None:
    assert (await ask(Probes(answering(), dependencies=[postgres.dependency()]), "/ready")).status == 200


async def use(postgres: Postgres) -> None:
    async with postgres.connection():
        pass


async def insert_and_fail(postgres: Postgres) -> None:
    async with postgres.connection() as connection:
        await connection.execute("INSERT INTO things VALUES ('lost')")
        await connection.execute("SELECT 1 / 0")


async def fail(postgres: Postgres) -> None:
    async with postgres.connection() as connection:
        await connection.execute("SELECT 1 / 0")
