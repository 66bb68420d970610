"""Saved searches: the named searches of an account."""

from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from granter_core.requests import NewSavedSearch
from granter_core.responses import SavedSearch
from mainstay_kit import Problem
from mainstay_kit.postgres import Postgres

MAX_PER_ACCOUNT = 100


class SavedSearchRows:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def all_of(self, account: UUID) -> list[SavedSearch]:
        async with self._postgres.connection() as connection:
            cursor = await connection.execute(
                "select id, name, query, created_at from saved_searches where account_id = %s order by created_at, id",
                (account,),
            )
            return [_saved_search(row) for row in await cursor.fetchall()]

    async def save(self, account: UUID, new: NewSavedSearch) -> SavedSearch:
        """Save the search under its name, replacing a saved search of that name.

        Raises Problem 401 when the account no longer exists, and 409 when it has `MAX_PER_ACCOUNT` searches already.
        """
        async with self._postgres.connection() as connection:
            # Concurrent saves of one account wait here, so that the count is exact.
            locked = await connection.execute("select from accounts where id = %s for no key update", (account,))
            if not locked.rowcount:
                raise Problem(401, "the session has ended")
            cursor = await connection.execute(
                "select count(*) from saved_searches where account_id = %s and name <> %s", (account, new.name)
            )
            count = await cursor.fetchone()
            if count and count[0] >= MAX_PER_ACCOUNT:
                raise Problem(409, f"an account has at most {MAX_PER_ACCOUNT} saved searches; delete one first")
            cursor = await connection.execute(
                "insert into saved_searches (account_id, name, query) values (%s, %s, %s)"
                " on conflict (account_id, name) do update set query = excluded.query"
                " returning id, name, query, created_at",
                (account, new.name, Jsonb(new.query.parameters())),
            )
            return _saved_search(await cursor.fetchone())

    async def rename(self, account: UUID, search: UUID, name: str) -> SavedSearch:
        """Rename the search. Raises Problem 404 when the account has no such search, 409 when another has *name*."""
        async with self._postgres.connection() as connection:
            try:
                cursor = await connection.execute(
                    "update saved_searches set name = %s where id = %s and account_id = %s"
                    " returning id, name, query, created_at",
                    (name, search, account),
                )
            except UniqueViolation as error:
                raise Problem(409, "another saved search has this name") from error
            row = await cursor.fetchone()
        if row is None:
            raise Problem(404, "saved search not found")
        return _saved_search(row)

    async def delete(self, account: UUID, search: UUID) -> bool:
        """Delete the search; return whether it existed. Searches of other accounts are never found."""
        async with self._postgres.connection() as connection:
            deleted = await connection.execute(
                "delete from saved_searches where id = %s and account_id = %s", (search, account)
            )
        return deleted.rowcount == 1


def _saved_search(row: tuple[object, ...] | None) -> SavedSearch:
    identity, name, query, created_at = row or ()
    return SavedSearch.model_validate({"id": identity, "name": name, "query": query, "created_at": created_at})
