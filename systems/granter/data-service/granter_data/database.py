"""Database: SQL statements and their rows, over the kit's connection pool."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString, Protocol

import psycopg
from psycopg.rows import DictRow, dict_row

from mainstay_kit import Dependency, Problem, Registry, Secret
from mainstay_kit.postgres import Postgres

Row = dict[str, Any]
Connection = psycopg.AsyncConnection[DictRow]


class Execute(Protocol):
    """Runs a statement and returns its rows."""

    async def __call__(self, statement: str, values: Row | None = None) -> list[Row]: ...


UNAVAILABLE = "the database is unavailable; try again"


class Database:
    """A connection pool that opens in the background: the service starts at once; it is ready when tables are readable.

    `rows` and `transaction` raise Problem 503 when the database is unavailable.
    """

    def __init__(self, url: Secret, registry: Registry) -> None:
        self._postgres = Postgres(
            url,
            application_name="granter-data",
            pool_size=(1, 8),
            statement_timeout=5.0,
            connect_timeout=3.0,
            registry=registry,
        )

    async def open(self) -> None:
        await self._postgres.open()

    async def close(self) -> None:
        await self._postgres.close()

    async def rows(self, statement: str, values: Row | None = None) -> list[Row]:
        """Return the rows of *statement*, run in its own transaction."""
        async with self.transaction() as execute:
            return await execute(statement, values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Execute]:
        """Yield a function that runs statements in one transaction.

        It does not prepare them, because the best query plan depends on the words that are searched for.
        """
        try:
            async with self._postgres.connection() as connection:
                cursor = connection.cursor(row_factory=dict_row)

                async def execute(statement: str, values: Row | None = None) -> list[Row]:
                    await cursor.execute(statement.encode(), values, prepare=False)
                    return await cursor.fetchall() if cursor.description else []

                yield execute
        except psycopg.OperationalError as error:
            raise Problem(503, UNAVAILABLE, headers=((b"retry-after", b"1"),)) from error

    def dependency(self) -> Dependency:
        async def execute() -> bool:
            async with self._postgres.connection() as connection:
                await connection.execute(_READABLE)
            return True

        return Dependency("database", execute)


_READABLE: LiteralString = "select from grants limit 0"


async def connect(url: Secret) -> Connection:
    """Return a connection outside the pool, in autocommit mode, for work that takes longer than a request."""
    return await psycopg.AsyncConnection.connect(
        url.reveal(), autocommit=True, connect_timeout=3, application_name="granter-scraper", row_factory=dict_row
    )
