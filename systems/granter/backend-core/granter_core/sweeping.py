"""Sweeping: remove expired rows from the database; any replica may do it."""

import asyncio
import logging
from contextlib import suppress

import psycopg

from mainstay_kit import Problem
from mainstay_kit.postgres import Postgres

EVERY = 600.0
log = logging.getLogger(__name__)


async def sweep(postgres: Postgres) -> None:
    """Remove expired sessions and counters that no longer apply."""
    async with postgres.connection() as connection:
        await connection.execute("delete from sessions where ends < now()")
        await connection.execute("delete from kit_rates where spent_until < now()")


async def keep_sweeping(postgres: Postgres, stop: asyncio.Event) -> None:
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY)
            return
        try:
            await sweep(postgres)
        except (psycopg.Error, Problem):
            log.warning("the database did not answer while sweeping; it is done the next time")
