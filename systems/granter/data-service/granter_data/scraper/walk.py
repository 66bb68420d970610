"""Walk: over the listing pages of a source, and from each to its notices. What is lost on the way is counted."""

import logging
from asyncio import Event
from dataclasses import dataclass, field

import psycopg

from granter_data.database import Connection
from granter_data.extraction.budget import Budget
from granter_data.extraction.chain import Chain
from granter_data.rules.listing import Links, links_of
from granter_data.rules.notice import NoNotice
from granter_data.rules.page import page_of, page_of_text
from granter_data.scraper import pages
from granter_data.scraper.rounds import Trail, keep
from granter_data.scraper.site import PageLost, Site
from granter_data.scraper.store import Stored, seen_again, store

MOST_LISTING_PAGES = 200
MOST_LOST_IN_A_ROW = 8

log = logging.getLogger(__name__)


class SourceBroken(Exception):
    """So many pages were lost one after another that the rest of the source is left for the next round."""


@dataclass(slots=True)
class Walk:
    """One visitor's way over one source. It can be cut off anywhere, and is continued at the next notice."""

    site: Site
    trail: Trail
    connection: Connection
    chain: Chain
    budget: Budget
    stopping: Event
    met: set[str] = field(default_factory=set)
    """Notices of this round; one may stand on several listing pages."""
    lost_in_a_row: int = 0

    async def all_pages(self) -> None:
        """Walk until no listing page is left, the source turns out to be broken, or the stop is asked for."""
        trail = self.trail
        if trail.state in {"done", "broken"}:
            return
        trail.state = "walking"
        await keep(self.connection, trail)
        self.met = await pages.met_in(self.connection, trail.round, trail.source)
        try:
            await self.site.read_robots()
            while trail.pending and not self.stopping.is_set() and trail.pages < MOST_LISTING_PAGES:
                await self._listing_page(trail.pending[0])
        except (PageLost, SourceBroken) as broken:
            trail.state, trail.error = "broken", str(broken)
        else:
            if not self.stopping.is_set():
                trail.state = "done"
        await keep(self.connection, trail)
        log.info(
            "walked over a source",
            extra={"source": trail.source, "state": trail.state, "notices": trail.seen, "failed": trail.failed},
        )

    async def _listing_page(self, url: str) -> None:
        trail = self.trail
        try:
            links = await self._links(url)
        except PageLost as lost:
            if not trail.visited:
                raise
            self._lost(lost)
            trail.over(url)
            await keep(self.connection, trail)
            return
        trail.found(page for page in links.listings if self.site.same_origin(page))
        for notice in links.notices:
            if self.stopping.is_set():
                return
            if notice not in self.met and self.site.same_origin(notice):
                self.met.add(notice)
                await self._notice(notice)
                await keep(self.connection, trail)
        trail.pages += 1
        trail.over(url)
        await keep(self.connection, trail)

    async def _links(self, url: str) -> Links:
        known = await pages.known(self.connection, url)
        fetched = await self.site.page(url, known.seen)
        if fetched is None and known.links is not None:
            await pages.met(self.connection, url, self.trail.round)
            return known.links
        if fetched is None:
            raise PageLost(f"{url} says that it has not changed, but its links are not known")
        links = links_of(fetched.text, fetched.url)
        await pages.remember(self.connection, url, self.trail.source, self.trail.round, fetched, links)
        return links

    async def _notice(self, url: str) -> None:
        trail = self.trail
        try:
            stored = await self._read(url)
        except (PageLost, NoNotice) as lost:
            self._lost(lost)
            return
        self.lost_in_a_row = 0
        trail.seen += 1
        trail.added += stored == "added"
        trail.changed += stored == "changed"
        trail.unchanged += stored == "unchanged"

    async def _read(self, url: str) -> Stored:
        trail = self.trail
        known = await pages.known(self.connection, url)
        fetched = await self.site.page(url, known.seen)
        if fetched is None or pages.hash_of(fetched.text) == known.content_hash:
            if fetched is None:
                await pages.met(self.connection, url, trail.round)
            else:
                await pages.remember(self.connection, url, trail.source, trail.round, fetched)
            await seen_again(self.connection, url)
            return "unchanged"
        page = page_of(fetched.text) if fetched.html else page_of_text(fetched.text)
        try:
            extracted = await self.chain.extract(page, url, self.budget)
            stored = await store(self.connection, url, trail.source, pages.hash_of(fetched.text), extracted)
        except psycopg.DataError as refused:
            raise PageLost(f"{url} could not be stored: {refused}") from refused
        await pages.remember(self.connection, url, trail.source, trail.round, fetched)
        return stored

    def _lost(self, lost: Exception) -> None:
        log.warning("lost a page: %s", lost, extra={"source": self.trail.source})
        self.trail.failed += 1
        self.trail.error = str(lost)
        self.lost_in_a_row += isinstance(lost, PageLost) and "closed to robots" not in str(lost)
        if self.lost_in_a_row >= MOST_LOST_IN_A_ROW:
            raise SourceBroken(f"{self.lost_in_a_row} pages in a row were lost, the last one: {lost}")
