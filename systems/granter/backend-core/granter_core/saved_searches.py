"""Saved searches: the searches that an account keeps, each under its own name."""

from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from granter_core.asked import SavedSearchWanted
from granter_core.told import SavedSearch
from mainstay_kit import Problem
from mainstay_kit.postgres import Postgres

AT_MOST = 100


class SavedSearchRows:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def all_of(self, account: UUID) -> list[SavedSearch]:
        async with self._postgres.connection() as connection:
            cursor = await connection.execute(
                "select id, name, query, created_at from saved_searches where account_id = %s order by created_at, id",
                (account,),
            )
            return [_told(row) for row in await cursor.fetchall()]

    async def save(self, account: UUID, wanted: SavedSearchWanted) -> SavedSearch:
        """Save the search under its name; an existing search of that name is replaced."""
        async with self._postgres.connection() as connection:
            # Concurrent saves of one account wait here, so that the count is exact.
            locked = await connection.execute("select from accounts where id = %s for no key update", (account,))
            if not locked.rowcount:
                raise Problem(401, "the session has ended")
            cursor = await connection.execute(
                "select count(*) from saved_searches where account_id = %s and name <> %s", (account, wanted.name)
            )
            counted = await cursor.fetchone()
            if counted and counted[0] >= AT_MOST:
                raise Problem(409, f"an account keeps at most {AT_MOST} searches; delete one first")
            cursor = await connection.execute(
                "insert into saved_searches (account_id, name, query) values (%s, %s, %s)"
                " on conflict (account_id, name) do update set query = excluded.query"
                " returning id, name, query, created_at",
                (account, wanted.name, Jsonb(wanted.query.parameters())),
            )
            return _told(await cursor.fetchone())

    async def rename(self, account: UUID, search: UUID, name: str) -> SavedSearch:
        async with self._postgres.connection() as connection:
            try:
                cursor = await connection.execute(
                    "update saved_searches set name = %s where id = %s and account_id = %s"
                    " returning id, name, query, created_at",
                    (name, search, account),
                )
            except UniqueViolation as taken:
                raise Problem(409, "another saved search has this name") from taken
            row = await cursor.fetchone()
        if row is None:
            raise Problem(404, "there is no such saved search")
        return _told(row)

    async def delete(self, account: UUID, search: UUID) -> bool:
        """Delete the search; return whether it existed. Searches of other accounts are never found."""
        async with self._postgres.connection() as connection:
            deleted = await connection.execute(
                "delete from saved_searches where id = %s and account_id = %s", (search, account)
            )
        return deleted.rowcount == 1


def _told(row: tuple[object, ...] | None) -> SavedSearch:
    identity, name, query, created_at = row or ()
    return SavedSearch.model_validate({"id": identity, "name": name, "query": query, "created_at": created_at})
