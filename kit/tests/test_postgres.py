import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from kit.tests.driving import call, stub_app
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
        pool_size=(1, 2),
        pool_timeout=2,
        statement_timeout=2,
        lock_timeout=0.2,
        idle_in_transaction_timeout=30,
        registry=registry,
    )
    await pool.open()
    yield pool
    await pool.close()


async def test_a_block_is_committed_or_rolled_back_on_error(postgres: Postgres) -> None:
    async with postgres.connection() as connection:
        await connection.execute("CREATE TABLE things (name text)")
    with pytest.raises(psycopg.errors.DivisionByZero):
        await insert_and_fail(postgres)
    async with postgres.connection() as connection:
        assert await (await connection.execute("SELECT count(*) FROM things")).fetchone() == (0,)


async def test_a_slow_statement_times_out(postgres: Postgres) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        async with postgres.connection() as connection:
            await connection.execute("SELECT pg_sleep(30)")


async def test_waiting_for_a_lock_times_out(postgres: Postgres) -> None:
    async with postgres.connection() as holder:
        await holder.execute("CREATE TABLE locked (name text)")
        await holder.commit()
        await holder.execute("LOCK TABLE locked")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            async with postgres.connection() as other:
                await other.execute("SELECT * FROM locked")


async def test_an_exhausted_pool_returns_503_and_is_counted(postgres: Postgres, registry: Registry) -> None:
    async with postgres.connection(), postgres.connection():
        with pytest.raises(Problem) as raised:
            async with asyncio.timeout(30), postgres.connection():
                pass
        assert raised.value.status == 503
        assert (b"retry-after", b"1") in raised.value.response.headers
        assert b"db_pool_connections_in_use{} 2" in registry.text()
    assert b"db_pool_timeouts_total{} 1" in registry.text()
    assert b"db_pool_connections_in_use{} 0" in registry.text()


async def test_requests_above_the_waiting_limit_are_refused_at_once(postgres_server: str) -> None:
    pool = Postgres(postgres_server, pool_size=(1, 1), pool_timeout=60)
    await pool.open()
    async with pool.connection():
        waiting = [asyncio.create_task(use_connection(pool)) for _ in range(10)]
        await asyncio.sleep(0)
        with pytest.raises(Problem) as raised:
            async with asyncio.timeout(5):
                await use_connection(pool)
        assert raised.value.status == 503
    await asyncio.gather(*waiting)
    await pool.close()


async def test_timeouts_and_application_name_are_set_on_the_connection(postgres: Postgres) -> None:
    names = "statement_timeout lock_timeout idle_in_transaction_session_timeout application_name"
    async with postgres.connection() as connection:
        values = [await (await connection.execute(f"SHOW {name}")).fetchone() for name in names.split()]
    assert values == [("2s",), ("200ms",), ("30s",), ("mainstay-kit",)]


async def test_the_number_of_open_connections_is_a_gauge(postgres: Postgres, registry: Registry) -> None:
    async with postgres.connection(), postgres.connection():
        assert b"db_pool_connections_open{} 2" in registry.text()


async def test_a_connection_is_released_when_its_block_raises(postgres: Postgres, registry: Registry) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        await run_failing_statement(postgres)
    assert b"db_pool_connections_in_use{} 0" in registry.text()


@pytest.mark.parametrize(("name", "value"), [("search_path", '"a b", "c\\d"'), ("jit", "off")])
async def test_additional_settings_apply_to_every_connection(postgres_server: str, name: str, value: str) -> None:
    pool = Postgres(postgres_server, settings={name: value})
    await pool.open()
    async with pool.connection() as connection:
        assert await (await connection.execute(f"SHOW {name}")).fetchone() == (value,)
    await pool.close()


async def test_a_dead_connection_is_not_handed_out(postgres_server: str, postgres: Postgres) -> None:
    async with postgres.connection() as connection:
        pid = connection.info.backend_pid
    async with await psycopg.AsyncConnection.connect(postgres_server) as other:
        await other.execute("SELECT pg_terminate_backend(%s)", [pid])
    async with postgres.connection() as connection:
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
        assert connection.info.backend_pid != pid


async def test_an_unavailable_database_makes_the_service_unready_but_does_not_prevent_startup() -> None:
    unavailable = Postgres(f"postgresql://app@127.0.0.1:{free_port()}/postgres", pool_timeout=0.1)
    await asyncio.wait_for(unavailable.open(), 1)
    app = Probes(stub_app(), dependencies=[unavailable.dependency()])
    assert (await call(app, "/ready")).status == 503
    await unavailable.close()


async def test_an_available_database_makes_the_service_ready(postgres: Postgres) -> None:
    assert (await call(Probes(stub_app(), dependencies=[postgres.dependency()]), "/ready")).status == 200


async def use_connection(postgres: Postgres) -> None:
    async with postgres.connection():
        pass


async def insert_and_fail(postgres: Postgres) -> None:
    async with postgres.connection() as connection:
        await connection.execute("INSERT INTO things VALUES ('lost')")
        await connection.execute("SELECT 1 / 0")


async def run_failing_statement(postgres: Postgres) -> None:
    async with postgres.connection() as connection:
        await connection.execute("SELECT 1 / 0")
