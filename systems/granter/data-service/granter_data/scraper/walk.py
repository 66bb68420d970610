"""Walk: over the listing pages of a site, and from each to its notices. What is lost on the way is counted."""

import logging
from asyncio import Event
from dataclasses import dataclass, field

import psycopg

from granter_data.database import Connection
from granter_data.rules.listing import links_of
from granter_data.rules.notice import NoNotice, read_notice
from granter_data.scraper.rounds import Round, begin_or_continue, keep
from granter_data.scraper.site import PageLost, Site
from granter_data.scraper.store import store

MOST_LISTING_PAGES = 200

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Walk:
    """One visitor's way over one site. It can be stopped between any two pages, and is continued there."""

    site: Site
    connection: Connection
    stopping: Event
    met: set[str] = field(default_factory=set)
    """Notices of this walk; one may stand on several listing pages."""

    async def all_pages(self) -> Round:
        """Begin or continue a round, and walk until no listing page is left or the stop was asked for."""
        round = await begin_or_continue(self.connection, self.site.start)
        while round.pending and not self.stopping.is_set() and len(round.visited) < MOST_LISTING_PAGES:
            round = await self._listing_page(round, round.pending[0])
        if not self.stopping.is_set():
            await keep(self.connection, Round(round.number, (), round.visited, round.seen, round.changed, round.failed))
            log.info(
                "round %d read %d notices: %d changed, %d lost", round.number, round.seen, round.changed, round.failed
            )
        return round

    async def _listing_page(self, round: Round, url: str) -> Round:
        try:
            links = links_of(await self.site.page(url), url)
        except PageLost as lost:
            log.warning("lost a listing page: %s", lost)
            round = round.over(url, seen=0, changed=0, failed=1)
            await keep(self.connection, round)
            return round
        round = round.found(tuple(page for page in links.listings if self.site.same_origin(page)))
        seen = changed = failed = 0
        for notice in links.notices:
            if self.stopping.is_set():
                return round
            if notice in self.met or not self.site.same_origin(notice):
                continue
            self.met.add(notice)
            try:
                changed += await self._notice(notice)
                seen += 1
            except (PageLost, NoNotice) as lost:
                log.warning("lost a notice: %s", lost)
                failed += 1
        round = round.over(url, seen=seen, changed=changed, failed=failed)
        await keep(self.connection, round)
        return round

    async def _notice(self, url: str) -> bool:
        html = await self.site.page(url)
        try:
            return await store(self.connection, url, html, read_notice(html, url))
        except psycopg.DataError as refused:
            raise PageLost(f"{url} could not be stored: {refused}") from refused
