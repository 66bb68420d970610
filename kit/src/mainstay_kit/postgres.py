"""The Postgres connection pool: every wait has a timeout, and metrics show how full the pool is."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from mainstay_kit.metrics.registry import Registry
from mainstay_kit.probes.dependency import Dependency
from mainstay_kit.problems import Problem
from mainstay_kit.variables.secret import Secret, revealed

Connection = AsyncConnection[TupleRow]


class Postgres:
    """A pool of connections. Connecting, waiting, statements, locks and idle transactions have timeouts, in seconds.

    When no connection is free within `pool_timeout`, the response is 503, so that requests do not pile up. The timeouts
    of statements, locks and idle transactions are settings of the connection, and hold for every library that uses it.
    `settings` are further settings of Postgres, such as `{"search_path": "shop", "jit": "off"}`; they take precedence.
    """

    def __init__(
        self,
        url: Secret | str,
        *,
        application_name: str = "mainstay-kit",
        pool_size: tuple[int, int] = (1, 10),
        pool_timeout: float = 3.0,
        connect_timeout: float = 3.0,
        statement_timeout: float = 10.0,
        lock_timeout: float = 3.0,
        idle_in_transaction_timeout: float = 10.0,
        max_idle: float = 300.0,
        settings: Mapping[str, str] | None = None,
        registry: Registry | None = None,
    ) -> None:
        timeouts = {
            "statement_timeout": statement_timeout,
            "lock_timeout": lock_timeout,
            "idle_in_transaction_session_timeout": idle_in_transaction_timeout,
        }
        all_settings = {name: str(int(seconds * 1000)) for name, seconds in timeouts.items()} | dict(settings or {})
        options = " ".join(f"-c {_escaped(name)}={_escaped(value)}" for name, value in all_settings.items())
        self._pool = AsyncConnectionPool(
            revealed(url),
            kwargs={
                "connect_timeout": max(2, int(connect_timeout)),
                "application_name": application_name, "options": options,
            },
            min_size=pool_size[0], max_size=pool_size[1], max_waiting=pool_size[1] * 10,
            timeout=pool_timeout, max_idle=max_idle, max_lifetime=1800.0, open=False,
            check=AsyncConnectionPool.check_connection,
        )  # fmt: skip
        self._connections_in_use = 0
        registry = registry or Registry()
        self._in_use = registry.gauge("db_pool_connections_in_use", "Connections that requests hold.")
        self._open = registry.gauge("db_pool_connections_open", "Connections to the database.")
        self._waiting = registry.gauge("db_pool_requests_waiting", "Requests that wait for a connection.")
        self._timeouts = registry.counter("db_pool_timeouts_total", "Requests that timed out waiting for a connection.")

    async def open(self) -> None:
        """Start connecting. An unavailable database makes the service unready but does not fail its start."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        await self._pool.close(timeout=5.0)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Yield a connection in a transaction, which is committed at the end and rolled back on error.

        Raises Problem 503 when no connection is free in time.
        """
        async with AsyncExitStack() as stack:
            stack.callback(self._update_gauges)
            try:
                connection = await stack.enter_async_context(self._pool.connection())
            except (PoolTimeout, TooManyRequests) as error:
                self._timeouts.inc()
                raise Problem(503, headers=((b"retry-after", b"1"),)) from error
            stack.callback(self._count_in_use, -1)
            self._count_in_use(1)
            self._update_gauges()
            yield connection

    def dependency(self, name: str = "database") -> Dependency:
        """Return a dependency for the probes that checks whether the database answers."""

        async def check() -> bool:
            async with self._pool.connection(timeout=1.0) as connection:
                await connection.execute("SELECT 1")
            return True

        return Dependency(name, check)

    def _count_in_use(self, change: int) -> None:
        self._connections_in_use += change

    def _update_gauges(self) -> None:
        stats = self._pool.get_stats()
        # The pool's own numbers include connections that are still being opened.
        self._in_use.set(self._connections_in_use)
        self._open.set(stats.get("pool_size", 0))
        self._waiting.set(stats.get("requests_waiting", 0))


def _escaped(text: str) -> str:
    """Return *text* escaped as one word of `options`, which Postgres splits at spaces."""
    return text.replace("\\", "\\\\").replace(" ", "\\ ")
