"""Database: a pool of connections, and whether the database answers."""

import asyncio
import time
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

ANSWER_WITHIN = 1.0
REMEMBERED_FOR = 1.0

Row = dict[str, Any]
Connection = psycopg.AsyncConnection[DictRow]


class DatabaseAway(Exception):
    """The database does not answer; asking again later may work."""


class Database:
    """Opens in the background, so that the service starts at once and says "not ready" until it is."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=8,
            timeout=3,
            open=False,
            reconnect_timeout=60,
            check=AsyncConnectionPool.check_connection,
            kwargs={"row_factory": dict_row, "connect_timeout": 3, "options": "-c statement_timeout=5s"},
        )
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._answered = False

    async def open(self) -> None:
        await self._pool.open(wait=False)

    async def close(self) -> None:
        await self._pool.close(timeout=1)

    async def rows(self, statement: str, values: Row) -> list[Row]:
        """The rows that *statement* returns, in a transaction of its own."""
        try:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(statement.encode(), values)
                return await cursor.fetchall() if cursor.description else []
        except psycopg.OperationalError as away:
            raise DatabaseAway(str(away)) from away

    async def answers(self) -> bool:
        """Whether the tables can be read, within a second; the answer is kept for a second."""
        async with self._asking:
            if time.monotonic() - self._asked_at >= REMEMBERED_FOR:
                self._answered = await self._ask()
                self._asked_at = time.monotonic()
            return self._answered

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(ANSWER_WITHIN), self._pool.connection(timeout=ANSWER_WITHIN) as connection:
                await connection.execute("select from grants limit 0")
        except (psycopg.Error, TimeoutError):
            return False
        return True
