"""Accounts in the database."""

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
    """Accounts by e-mail address. Addresses arrive normalised; a hash is returned only to verify a password."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def register(self, email: str, hashed: str) -> None:
        """Create the account unless the address has one. Both cases cost the same write and look alike."""
        async with self._postgres.connection() as connection:
            await connection.execute(
                "insert into accounts (email, password_hash) values (%s, %s)"
                " on conflict (email) do update set email = excluded.email",
                (email, hashed),
            )

    async def with_hash(self, email: str) -> tuple[UUID, str] | None:
        """Return the id of the account with that address and its password hash; None when there is none."""
        async with self._postgres.connection() as connection:
            cursor = await connection.execute("select id, password_hash from accounts where email = %s", (email,))
            row = await cursor.fetchone()
        return (row[0], row[1]) if row else None

    async def set_hash(self, account: UUID, hashed: str) -> None:
        async with self._postgres.connection() as connection:
            await connection.execute("update accounts set password_hash = %s where id = %s", (hashed, account))

    async def delete(self, account: UUID, counted_as: str) -> None:
        """Delete the account, everything stored for it, and the counters kept under its name."""
        async with self._postgres.connection() as connection:
            await connection.execute("delete from accounts where id = %s", (account,))
            # The kit's keys contain the account's name somewhere; there are few such keys, and accounts are rarely
            # deleted.
            await connection.execute("delete from kit_rates where strpos(key, %s) > 0", (counted_as,))
