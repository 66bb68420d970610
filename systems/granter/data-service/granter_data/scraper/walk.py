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
from granter_data.scraper.rounds import WalkProgress, save_progress
from granter_data.scraper.site import Fetched, FetchFailed, PageGone, Site, UnsupportedPage, Validators
from granter_data.scraper.store import Stored, seen_again, store, withdraw

MAX_LISTING_PAGES = 200
MAX_NOTICES = 5_000
MAX_PAGES_WITHOUT_NOTICE = 20
MAX_CONSECUTIVE_FAILURES = 8

_INDEX = re.compile(r"/(index|default)\.\w{2,5}$", re.I)

log = logging.getLogger(__name__)


class SourceFailed(Exception):
    """So many pages failed in a row that the rest of the source is left for the next round."""


@dataclass(slots=True)
class Walk:
    """The walk over one source. It can be interrupted anywhere, and resumes at the next notice."""

    site: Site
    progress: WalkProgress
    connection: Connection
    chain: Chain
    budget: Budget
    stopping: Event
    handled: set[str] = field(default_factory=set)
    """URLs of the notices handled in this round; a notice may appear on several listing pages."""
    listing_page: Fetched | None = None
    """The listing page fetched last, whose sections may be notices."""
    pages_without_notice: int = 0
    """Consecutive listing pages without a new notice. A calendar has a page for each month, without end."""
    consecutive_failures: int = 0

    async def run(self) -> None:
        """Walk until no listing page is left, the source turns out to be broken, or a stop is requested."""
        progress = self.progress
        if progress.state in {"done", "broken"}:
            return
        progress.state = "walking"
        await save_progress(self.connection, progress)
        self.handled = await pages.handled_in(self.connection, progress.round, progress.source)
        try:
            await self.site.read_robots()
            while progress.pending and not self.stopping.is_set() and not self._limit_reached():
                await self._visit_listing(progress.pending[0])
        except (FetchFailed, SourceFailed) as error:
            progress.state, progress.error = "broken", str(error)
        else:
            if not self.stopping.is_set():
                await self._finish()
        await save_progress(self.connection, progress)
        self._log_result()

    def _log_result(self) -> None:
        progress = self.progress
        nothing_new = progress.state == "done" and not (progress.added or progress.changed or progress.withdrawn)
        log.info(
            "visited a source%s",
            ": nothing new" if nothing_new else "",
            extra={
                "source": progress.source,
                "state": progress.state,
                "notices": progress.seen,
                "new": progress.added,
                "changed": progress.changed,
                "failed": progress.failed,
                "withdrawn": progress.withdrawn,
                "why": progress.error,
            },
        )

    def _limit_reached(self) -> bool:
        return (
            self.progress.pages >= MAX_LISTING_PAGES
            or len(self.handled) >= MAX_NOTICES
            or self.pages_without_notice >= MAX_PAGES_WITHOUT_NOTICE
        )

    async def _finish(self) -> None:
        progress = self.progress
        progress.state = "done"
        if progress.pending:
            progress.error = f"stopped after {progress.pages} listing pages and {progress.seen} notices, the maximum"
        elif progress.seen:
            progress.withdrawn += await pages.withdraw_unlisted(
                self.connection, progress.round, progress.source, progress.visited
            )
        elif not progress.error:
            progress.error = (
                f"{self.site.start} links to no notice; give the address of the page that lists them, or of its feed"
            )

    async def _visit_listing(self, url: str) -> None:
        progress = self.progress
        before = progress.seen
        try:
            links = await self._links(url)
        except FetchFailed as error:
            if not progress.visited:
                raise
            if isinstance(error, PageGone):
                empty = Fetched(url, "", True, Validators())
                await pages.remember(self.connection, url, progress.source, progress.round, empty, Links((), ()))
            self._record_failure(error)
            progress.mark_visited(url)
            await save_progress(self.connection, progress)
            return
        progress.add_listings(page for page in links.listings if self.site.same_origin(page))
        for notice in links.notices:
            if self.stopping.is_set() or len(self.handled) >= MAX_NOTICES:
                return
            if notice not in self.handled and self.site.same_origin(notice) and not self._is_listing(notice):
                self.handled.add(notice)
                await self._notice(notice)
                await save_progress(self.connection, progress)
        progress.pages += 1
        self.pages_without_notice = 0 if progress.seen > before else self.pages_without_notice + 1
        progress.mark_visited(url)
        await save_progress(self.connection, progress)

    def _is_listing(self, url: str) -> bool:
        """Return whether *url* is a page of the listing itself, and no notice. Entries and menus often link to it."""
        listings = (self.site.start, *self.progress.visited, *self.progress.pending)
        return any(_same_page(url, listing) for listing in listings)

    async def _links(self, url: str) -> Links:
        known = await pages.known(self.connection, url)
        fetched = await self.site.page(url, known.validators)
        if fetched is None and known.links is not None:
            await pages.mark_unchanged(self.connection, url, self.progress.round)
            return known.links
        if fetched is None:
            raise FetchFailed(f"{url} reports that it is unchanged, but its links are not stored")
        self.listing_page = fetched
        links = await to_thread(links_of, fetched.text, fetched.url)
        await pages.remember(self.connection, url, self.progress.source, self.progress.round, fetched, links)
        return links

    async def _notice(self, url: str) -> None:
        progress = self.progress
        try:
            stored = await self._read(url)
        except (FetchFailed, NoNotice) as error:
            if isinstance(error, PageGone):
                progress.withdrawn += await withdraw(self.connection, url)
            self._record_failure(error)
            return
        self.consecutive_failures = 0
        progress.seen += 1
        progress.added += stored == "added"
        progress.changed += stored == "changed"
        progress.unchanged += stored == "unchanged"

    async def _read(self, url: str) -> Stored:
        """Read the notice at *url*, unless it is unchanged and all models that may read it better were called."""
        progress = self.progress
        known = await pages.known(self.connection, url)
        reread = known.content_hash is not None and self.chain.may_improve(known.readers, self.budget)
        fetched = await self._fetched(url, pages.Known(readers=known.readers) if reread else known)
        same = fetched is None or pages.hash_of(fetched.text) == known.content_hash
        if fetched is None:
            await pages.mark_unchanged(self.connection, url, progress.round)
        elif same and not reread:
            await pages.remember(self.connection, url, progress.source, progress.round, fetched, readers=known.readers)
        if fetched is None or (same and not reread):
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
                stored = await store(self.connection, url, progress.source, hashed, extracted, again=same)
        except psycopg.DataError as error:
            raise FetchFailed(f"{url} could not be stored: {error}") from error
        readers = extracted.final_readers() if not same or extracted.read_by() != "rules" else known.readers
        await pages.remember(self.connection, url, progress.source, progress.round, fetched, readers=readers)
        return stored

    async def _fetched(self, url: str, known: pages.Known) -> Fetched | None:
        """Return the page at *url*, or the section of it that *url* names; None when it is unchanged from *known*."""
        page_url, _, anchor = url.partition("#")
        if not anchor:
            return await self.site.page(url, known.validators)
        if self.listing_page is None or self.listing_page.url != page_url:
            if known.content_hash:
                return None  # the page is the listing itself, and was not sent again
            self.listing_page = await self.site.page(page_url, Validators())
        section = section_of(self.listing_page.text, anchor) if self.listing_page else ""
        if not section:
            raise PageGone(f"{url} is no longer a section of its page")
        return Fetched(url, section, True, Validators())

    def _record_failure(self, error: Exception) -> None:
        log.warning("could not read a page: %s", error, extra={"source": self.progress.source})
        self.progress.failed += 1
        self.progress.error = str(error)
        self.consecutive_failures += isinstance(error, FetchFailed) and not isinstance(error, UnsupportedPage)
        if self.consecutive_failures >= MAX_CONSECUTIVE_FAILURES:
            raise SourceFailed(f"{self.consecutive_failures} pages in a row failed, the last one: {error}")


def _same_page(first: str, second: str) -> bool:
    """Return whether two addresses differ at most in a slash or an index page at their end."""
    return _INDEX.sub("", first).rstrip("/") == _INDEX.sub("", second).rstrip("/")
