"""Accounts: who may log in."""

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
    """Addresses come normalised; a hash never leaves but to be compared."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def register(self, email: str, hashed: str) -> None:
        """An account of that address, new or there before: both cost the same write, and neither is told."""
        async with self._postgres.connection() as connection:
            await connection.execute(
                "insert into accounts (email, password_hash) values (%s, %s)"
                " on conflict (email) do update set email = excluded.email",
                (email, hashed),
            )

    async def with_hash(self, email: str) -> tuple[UUID, str] | None:
        """The account of that address and the hash of its password."""
        async with self._postgres.connection() as connection:
            cursor = await connection.execute("select id, password_hash from accounts where email = %s", (email,))
            row = await cursor.fetchone()
        return (row[0], row[1]) if row else None

    async def set_hash(self, account: UUID, hashed: str) -> None:
        async with self._postgres.connection() as connection:
            await connection.execute("update accounts set password_hash = %s where id = %s", (hashed, account))

    async def delete(self, account: UUID, counted_as: str) -> None:
        """Everything that is kept of the account goes with it, also what was counted under its name."""
        async with self._postgres.connection() as connection:
            await connection.execute("delete from accounts where id = %s", (account,))
            # The kit's keys name the account somewhere; there are few of them, and few who delete their account.
            await connection.execute("delete from kit_rates where strpos(key, %s) > 0", (counted_as,))
