"""Rates in Postgres: what each key has spent, shared by all processes."""

from typing import ClassVar

from mainstay_kit.postgres import Postgres

from .gcra import Rate, Verdict

# Processes that start together may all run this; CREATE TABLE IF NOT EXISTS alone can fail then, hence the lock.
_TABLE = """
SELECT pg_advisory_xact_lock(hashtext('mainstay_kit'));
CREATE UNLOGGED TABLE IF NOT EXISTS kit_rates (key text PRIMARY KEY, spent_until timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS kit_rates_spent_until ON kit_rates (spent_until);
"""
TAKES_PER_SWEEP = 1000
# One statement decides and writes; a refused request writes nothing and returns no row. The tolerance of a thousandth
# of an interval compensates for Postgres rounding times to microseconds.
_TAKE = """
INSERT INTO kit_rates AS known (key, spent_until) VALUES (%(key)s, now() + %(interval)s * interval '1 second')
ON CONFLICT (key) DO UPDATE
SET spent_until = greatest(known.spent_until, now()) + %(interval)s * interval '1 second'
WHERE greatest(known.spent_until, now()) <= now() + (%(tolerance)s - 0.999 * %(interval)s) * interval '1 second'
RETURNING extract(epoch FROM spent_until - now())::float8
"""
_SPENT = "SELECT extract(epoch FROM greatest(spent_until, now()) - now())::float8 FROM kit_rates WHERE key = %(key)s"
_SWEEP = """
DELETE FROM kit_rates
WHERE key IN (SELECT key FROM kit_rates WHERE spent_until < now() LIMIT 10000 FOR UPDATE SKIP LOCKED)
"""
_GIVE_BACK = """
UPDATE kit_rates SET spent_until = spent_until - %(interval)s * interval '1 second' WHERE key = %(key)s
"""


class PostgresRateStore:
    """A store with a row per key, in a table that the service's migration creates from `TABLE`. It needs no backup.

    Each counted request costs a write: use this store for logins and expensive requests, and `MemoryStore` for others.
    """

    TABLE: ClassVar[str] = _TABLE

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._taken = 0

    async def take(self, key: str, rate: Rate) -> Verdict:
        values = {"key": key, "interval": rate.interval, "tolerance": rate.tolerance}
        self._taken += 1
        if self._taken % TAKES_PER_SWEEP == 0:
            await self._sweep()
        async with self._postgres.connection() as connection:
            taken = await (await connection.execute(_TAKE, values)).fetchone()
            if taken is not None:
                return Verdict(True, int((rate.tolerance - taken[0]) / rate.interval + 1e-3), 0.0, taken[0])
            row = await (await connection.execute(_SPENT, values)).fetchone()
        ahead = row[0] if row is not None else 0.0  # the row was given back or swept in between
        return Verdict(False, 0, max(0.0, ahead + rate.interval - rate.tolerance), ahead)

    async def give_back(self, key: str, rate: Rate) -> None:
        """Undo one `take`, so that its request does not count."""
        async with self._postgres.connection() as connection:
            await connection.execute(_GIVE_BACK, {"key": key, "interval": rate.interval})

    async def _sweep(self) -> None:
        """Delete expired rows in a transaction of its own that skips locked rows, so that sweeps cannot deadlock."""
        async with self._postgres.connection() as connection:
            await connection.execute(_SWEEP)
