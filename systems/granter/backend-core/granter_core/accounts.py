"""Accounts: e-mail addresses and password hashes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mainstay_kit.postgres import Postgres


@dataclass(frozen=True, slots=True)
class Account:
    id: UUID
    email: str
    created_at: datetime


class Accounts:
    """The table of accounts. Callers pass e-mail addresses as `normalise_address` returns them."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def register(self, email: str, hashed: str) -> None:
        """Create the account unless it exists. Both cases write a row, so that the time reveals no existing account."""
        async with self._postgres.connection() as connection:
            await connection.execute(
                "insert into accounts (email, password_hash) values (%s, %s)"
                " on conflict (email) do update set email = excluded.email",
                (email, hashed),
            )

    async def with_hash(self, email: str) -> tuple[UUID, str] | None:
        """Return the id and the password hash of the account with *email*; None if there is none."""
        async with self._postgres.connection() as connection:
            cursor = await connection.execute("select id, password_hash from accounts where email = %s", (email,))
            row = await cursor.fetchone()
        return (row[0], row[1]) if row else None

    async def set_hash(self, account: UUID, hashed: str) -> None:
        async with self._postgres.connection() as connection:
            await connection.execute("update accounts set password_hash = %s where id = %s", (hashed, account))

    async def delete(self, account: UUID, counted_as: str) -> None:
        """Delete the account with all its rows, and the rate counters whose keys contain its pseudonym *counted_as*."""
        async with self._postgres.connection() as connection:
            await connection.execute("delete from accounts where id = %s", (account,))
            # The pseudonym can be anywhere in a key, so this scans the table; it is small and deletions are rare.
            await connection.execute("delete from kit_rates where strpos(key, %s) > 0", (counted_as,))
