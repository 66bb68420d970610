"""Sweeping: each replica removes expired rows from the database every ten minutes."""

import asyncio
import logging
from contextlib import suppress

import psycopg

from mainstay_kit import Problem
from mainstay_kit.postgres import Postgres

INTERVAL_SECONDS = 600.0
log = logging.getLogger(__name__)


async def sweep(postgres: Postgres) -> None:
    """Remove expired sessions, and rate counters that no longer limit anything."""
    async with postgres.connection() as connection:
        await connection.execute("delete from sessions where ends < now()")
        await connection.execute("delete from kit_rates where spent_until < now()")


async def keep_sweeping(postgres: Postgres, stop: asyncio.Event) -> None:
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), INTERVAL_SECONDS)
            return
        try:
            await sweep(postgres)
        except (psycopg.Error, Problem):
            log.warning("the database is unavailable; expired rows are removed at the next sweep")
