"""Schedule: one round at boot and one every so often, by one process at a time."""

import asyncio
import logging
from typing import Literal

import psycopg
from psycopg.rows import dict_row

from granter_data.database import Connection
from granter_data.scraper.rounds import due_in
from granter_data.scraper.site import Site
from granter_data.scraper.walk import Walk
from granter_data.settings import Settings

LOCK = "granter.scraper"
TRY_AGAIN = 5.0
STOP_WITHIN = 3.0

log = logging.getLogger(__name__)


class Scraping:
    """The background task that keeps the grants fresh. A database or site that is away is asked again later."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._phase: Literal["idle", "walking", "waiting"] = "idle"

    @property
    def state(self) -> str:
        """`down` when the task has ended by itself, which only a mistake in it can bring about."""
        return "down" if self._task is None or self._task.done() else self._phase

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_fresh(), name="scraper")
        self._task.add_done_callback(_tell_end)

    async def stop(self) -> None:
        """Ask for the end and wait for it; a page that takes too long is left to the next process."""
        self._stopping.set()
        if self._task is None or self._task.done():
            return
        done, _ = await asyncio.wait([self._task], timeout=STOP_WITHIN)
        if not done:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=STOP_WITHIN)

    async def _keep_fresh(self) -> None:
        while not self._stopping.is_set():
            try:
                pause = await self._turn()
            except psycopg.OperationalError as away:
                log.warning("left the scraping for later: %s", away)
                self._phase, pause = "waiting", TRY_AGAIN
            await self._rest(pause)

    async def _turn(self) -> float:
        """Walk a round if one is due and no other process walks; seconds until it is worth asking again."""
        # A connection of its own: the lock belongs to its session and is gone with it, however it ends.
        connection: Connection = await psycopg.AsyncConnection.connect(
            self._settings.database_url, autocommit=True, connect_timeout=3, row_factory=dict_row
        )
        async with connection:
            cursor = await connection.execute("select pg_try_advisory_lock(hashtextextended(%s, 0)) as mine", [LOCK])
            row = await cursor.fetchone()
            if row is None or not row["mine"]:
                self._phase = "waiting"
                return TRY_AGAIN
            self._phase = "idle"
            due = await due_in(connection, self._settings.scrape_every)
            if due > 0:
                return due
            self._phase = "walking"
            async with Site(self._settings.notice_site_url, self._settings.page_pause) as site:
                round = await Walk(site, connection, self._stopping).all_pages()
            self._phase = "idle"
            return self._settings.scrape_every if round.seen else TRY_AGAIN

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


def _tell_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.critical("the scraper ended by mistake", exc_info=error)
