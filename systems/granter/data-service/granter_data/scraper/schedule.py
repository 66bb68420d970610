"""Schedule: one round at startup, one every interval, and one per request; by one process at a time."""

import asyncio
import logging
from collections.abc import Callable
from typing import Literal

import psycopg

from granter_data.database import Connection, connect
from granter_data.extraction.budget import Budget
from granter_data.extraction.chain import Chain
from granter_data.scraper.rounds import (
    begin_or_continue,
    due_in,
    finish_round,
    has_new_source,
    hide_copies,
    progress_of,
)
from granter_data.scraper.site import Politeness, Site
from granter_data.scraper.walk import Walk
from granter_data.settings import Settings

LOCK = "granter.scraper"
RETRY_SECONDS = 5.0
STOP_TIMEOUT = 3.0

log = logging.getLogger(__name__)


class Scraper:
    """The background task that keeps the grants current. An unreachable database or site is retried later."""

    def __init__(self, settings: Settings, chain: Chain, changed: Callable[[], None]) -> None:
        self._settings = settings
        self._sources = settings.sources()
        self._chain = chain
        self._changed = changed
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._sources_compared = False
        self.phase: Literal["idle", "walking", "waiting"] = "idle"

    def is_alive(self) -> bool:
        """Return whether the background task is running; after `start` only a bug can end it."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="scraper")
        self._task.add_done_callback(_log_failure)

    def wake(self) -> None:
        """Wake the task at once, because a round has been requested."""
        self._wake.set()

    async def stop(self) -> None:
        """Request the stop and wait for it; a page that takes too long is left to the next process."""
        self._stopping.set()
        self._wake.set()
        if self._task is None or self._task.done():
            return
        done, _ = await asyncio.wait([self._task], timeout=STOP_TIMEOUT)
        if not done:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=STOP_TIMEOUT)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                pause = await self._run_if_due()
            except psycopg.OperationalError as error:
                log.warning("the scraper retries later: %s", error)
                self.phase, pause = "waiting", RETRY_SECONDS
            await self._wait(pause)

    async def _run_if_due(self) -> float:
        """Run a round if one is due and no other process runs one; return the seconds until the next check."""
        # A connection of its own: the lock belongs to its session and is released with it, however the session ends.
        async with await connect(self._settings.database_url) as connection:
            cursor = await connection.execute("select pg_try_advisory_lock(hashtextextended(%s, 0)) as mine", [LOCK])
            row = await cursor.fetchone()
            if row is None or not row["mine"]:
                self.phase = "waiting"
                return RETRY_SECONDS
            self.phase = "idle"
            if not self._sources:
                return self._settings.scrape_every
            due = await self._due_in(connection)
            if due > 0:
                # Another process may receive a request for a round; the request is in the database.
                return min(due, RETRY_SECONDS)
            self.phase = "walking"
            await self._round(connection)
            self.phase = "idle"
            return min(self._settings.scrape_every, RETRY_SECONDS)

    async def _due_in(self, connection: Connection) -> float:
        """Return the seconds until a round is due; 0 at the service's start if the last round left out a source.

        Sources are compared once only: while a deploy replaces the service, the old release may have other sources
        than the new one, and the two would start rounds in turn.
        """
        new_source = not self._sources_compared and await has_new_source(connection, self._sources)
        self._sources_compared = True
        return 0.0 if new_source else await due_in(connection, self._settings.scrape_every)

    async def _round(self, connection: Connection) -> None:
        """Visit all sources concurrently; a failing source does not affect the others."""
        number = await begin_or_continue(connection)
        settings = self._settings
        budget = Budget(settings.extract_seconds, settings.extract_cents)
        politeness = Politeness(settings.page_pause, settings.retry_pause, settings.crawler_contact)
        # No TaskGroup: in Python 3.11 the code that catches its error is left half cancelled.
        walks = (
            self._source(connection, number, name, start, budget, politeness) for name, start in self._sources.items()
        )
        for ended in await asyncio.gather(*walks, return_exceptions=True):
            if ended is not None:
                raise ended
        await hide_copies(connection)
        if not self._stopping.is_set():
            await finish_round(connection, number)
        self._changed()

    async def _source(
        self, connection: Connection, number: int, name: str, start: str, budget: Budget, politeness: Politeness
    ) -> None:
        progress = await progress_of(connection, number, name, start)
        async with Site(start, politeness) as site:
            await Walk(site, progress, connection, self._chain, budget, self._stopping).run()

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.critical("the scraper ended because of an error", exc_info=error)
