"""Walk: visit the listing pages of a source, and from each its notices. Pages that could not be fetched are counted."""

import logging
import re
from asyncio import Event, to_thread
from dataclasses import dataclass, field

import psycopg

from granter_data.database import Connection
from granter_data.extraction.budget import Budget
from granter_data.extraction.chain import Chain
from granter_data.rules.links import Links
from granter_data.rules.listing import links_of
from granter_data.rules.notice import NoNotice
from granter_data.rules.page import page_of, page_of_text
from granter_data.rules.sections import section_of
from granter_data.scraper import pages
from granter_data.scraper.rounds import Trail, keep
from granter_data.scraper.site import Fetched, Gone, PageLost, Seen, Site, Unreadable
from granter_data.scraper.store import Stored, seen_again, store, withdraw

MOST_LISTING_PAGES = 200
MOST_NOTICES = 5_000
MOST_FRUITLESS = 20
MOST_LOST_IN_A_ROW = 8

_INDEX = re.compile(r"/(index|default)\.\w{2,5}$", re.I)

log = logging.getLogger(__name__)


class SourceBroken(Exception):
    """So many pages failed in a row that the rest of the source is left for the next round."""


@dataclass(slots=True)
class Walk:
    """The walk over one source. It can be interrupted anywhere, and resumes at the next notice."""

    site: Site
    trail: Trail
    connection: Connection
    chain: Chain
    budget: Budget
    stopping: Event
    met: set[str] = field(default_factory=set)
    """Notices handled in this round; one may appear on several listing pages."""
    sheet: Fetched | None = None
    """The page whose sections are being read as notices."""
    fruitless: int = 0
    """Consecutive listing pages without a new notice. A calendar has a page for each month, without end."""
    lost_in_a_row: int = 0

    async def all_pages(self) -> None:
        """Walk until no listing page is left, the source turns out to be broken, or a stop is requested."""
        trail = self.trail
        if trail.state in {"done", "broken"}:
            return
        trail.state = "walking"
        await keep(self.connection, trail)
        self.met = await pages.met_in(self.connection, trail.round, trail.source)
        try:
            await self.site.read_robots()
            while trail.pending and not self.stopping.is_set() and not self._enough():
                await self._listing_page(trail.pending[0])
        except (PageLost, SourceBroken) as broken:
            trail.state, trail.error = "broken", str(broken)
        else:
            if not self.stopping.is_set():
                await self._end()
        await keep(self.connection, trail)
        nothing_new = trail.state == "done" and not (trail.added or trail.changed or trail.withdrawn)
        log.info(
            "walked over a source%s",
            ": nothing new" if nothing_new else "",
            extra={
                "source": trail.source,
                "state": trail.state,
                "notices": trail.seen,
                "new": trail.added,
                "changed": trail.changed,
                "failed": trail.failed,
                "withdrawn": trail.withdrawn,
                "why": trail.error,
            },
        )

    def _enough(self) -> bool:
        return (
            self.trail.pages >= MOST_LISTING_PAGES or len(self.met) >= MOST_NOTICES or self.fruitless >= MOST_FRUITLESS
        )

    async def _end(self) -> None:
        trail = self.trail
        trail.state = "done"
        if trail.pending:
            trail.error = f"left after {trail.pages} listing pages and {trail.seen} notices, as it seems to have no end"
        elif trail.seen:
            trail.withdrawn += await pages.withdraw_unlisted(self.connection, trail.round, trail.source, trail.visited)
        elif not trail.error:
            trail.error = f"{self.site.start} leads to no notice; name the page that lists them, or its feed"

    async def _listing_page(self, url: str) -> None:
        trail = self.trail
        before = trail.seen
        try:
            links = await self._links(url)
        except PageLost as lost:
            if not trail.visited:
                raise
            if isinstance(lost, Gone):
                empty = Fetched(url, "", True, Seen())
                await pages.remember(self.connection, url, trail.source, trail.round, empty, Links((), ()))
            self._lost(lost)
            trail.over(url)
            await keep(self.connection, trail)
            return
        trail.found(page for page in links.listings if self.site.same_origin(page))
        for notice in links.notices:
            if self.stopping.is_set() or len(self.met) >= MOST_NOTICES:
                return
            if notice not in self.met and self.site.same_origin(notice) and not self._is_listing(notice):
                self.met.add(notice)
                await self._notice(notice)
                await keep(self.connection, trail)
        trail.pages += 1
        self.fruitless = 0 if trail.seen > before else self.fruitless + 1
        trail.over(url)
        await keep(self.connection, trail)

    def _is_listing(self, url: str) -> bool:
        """Return whether *url* is a page of the listing itself, often linked from entries and menus: it is no grant."""
        listings = (self.site.start, *self.trail.visited, *self.trail.pending)
        return any(_same_page(url, listing) for listing in listings)

    async def _links(self, url: str) -> Links:
        known = await pages.known(self.connection, url)
        fetched = await self.site.page(url, known.seen)
        if fetched is None and known.links is not None:
            await pages.met(self.connection, url, self.trail.round)
            return known.links
        if fetched is None:
            raise PageLost(f"{url} says that it has not changed, but its links are not known")
        self.sheet = fetched
        links = await to_thread(links_of, fetched.text, fetched.url)
        await pages.remember(self.connection, url, self.trail.source, self.trail.round, fetched, links)
        return links

    async def _notice(self, url: str) -> None:
        trail = self.trail
        try:
            stored = await self._read(url)
        except (PageLost, NoNotice) as lost:
            if isinstance(lost, Gone):
                trail.withdrawn += await withdraw(self.connection, url)
            self._lost(lost)
            return
        self.lost_in_a_row = 0
        trail.seen += 1
        trail.added += stored == "added"
        trail.changed += stored == "changed"
        trail.unchanged += stored == "unchanged"

    async def _read(self, url: str) -> Stored:
        """Read the notice at *url*, unless it is unchanged and all models that may read it better were called."""
        trail = self.trail
        known = await pages.known(self.connection, url)
        again = known.content_hash is not None and self.chain.may_improve(known.asked, self.budget)
        fetched = await self._fetched(url, pages.Known(asked=known.asked) if again else known)
        same = fetched is None or pages.hash_of(fetched.text) == known.content_hash
        if fetched is None:
            await pages.met(self.connection, url, trail.round)
        elif same and not again:
            await pages.remember(self.connection, url, trail.source, trail.round, fetched, asked=known.asked)
        if fetched is None or (same and not again):
            await seen_again(self.connection, url)
            return "unchanged"
        page = await to_thread(page_of if fetched.html else page_of_text, fetched.text)
        try:
            extracted = await self.chain.extract(page, url, self.budget)
            if same and extracted.read_by() == "rules":
                # The models were late or unavailable; the earlier reading is no worse.
                await seen_again(self.connection, url)
                stored: Stored = "unchanged"
            else:
                hashed = pages.hash_of(fetched.text)
                stored = await store(self.connection, url, trail.source, hashed, extracted, again=same)
        except psycopg.DataError as refused:
            raise PageLost(f"{url} could not be stored: {refused}") from refused
        asked = extracted.asked() if not same or extracted.read_by() != "rules" else known.asked
        await pages.remember(self.connection, url, trail.source, trail.round, fetched, asked=asked)
        return stored

    async def _fetched(self, url: str, known: pages.Known) -> Fetched | None:
        """Return the page at *url*, or the section of its page; None when it is unchanged from *known*."""
        whole, _, anchor = url.partition("#")
        if not anchor:
            return await self.site.page(url, known.seen)
        if self.sheet is None or self.sheet.url != whole:
            if known.content_hash:
                return None  # the page is the listing itself, and was not sent again
            self.sheet = await self.site.page(whole, Seen())
        section = section_of(self.sheet.text, anchor) if self.sheet else ""
        if not section:
            raise Gone(f"{url} is no longer a section of its page")
        return Fetched(url, section, True, Seen())

    def _lost(self, lost: Exception) -> None:
        log.warning("lost a page: %s", lost, extra={"source": self.trail.source})
        self.trail.failed += 1
        self.trail.error = str(lost)
        self.lost_in_a_row += isinstance(lost, PageLost) and not isinstance(lost, Unreadable)
        if self.lost_in_a_row >= MOST_LOST_IN_A_ROW:
            raise SourceBroken(f"{self.lost_in_a_row} pages in a row were lost, the last one: {lost}")


def _same_page(one: str, other: str) -> bool:
    """Return whether two addresses differ at most in a slash or an index page at their end."""
    return _INDEX.sub("", one).rstrip("/") == _INDEX.sub("", other).rstrip("/")
