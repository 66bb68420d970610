"""Site: HTTP access to a source that obeys its rules and limits its load."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx2

from granter_data.scraper.encoding import decoded
from granter_data.scraper.robots import Robots, robots_of

NAME = "GranterBot"
LARGEST_BYTES = 2_000_000
LONGEST_PAUSE = 5.0
LONGEST_WAIT = 30.0
TRIES = 3
AGAIN_LATER = frozenset({429, 500, 502, 503, 504})
PAGES = ("text/html", "application/xhtml")
FEEDS = ("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/xml", "text/xml")
READABLE = (*PAGES, *FEEDS, "text/plain")

Rest = Callable[[float], Awaitable[None]]


class PageLost(Exception):
    """A page could not be fetched; the message gives the reason. Other pages may still be available."""


class Gone(PageLost):
    """The site reports that the page does not exist."""


class Unreadable(PageLost):
    """The response is not a readable page; the site itself may be fine."""


class Passing(Exception):
    """A failure that may be temporary: retry after `after` seconds, where the site states them."""

    def __init__(self, what: str, after: float | None = None) -> None:
        super().__init__(what)
        self.after = after


@dataclass(frozen=True, slots=True)
class Seen:
    """The state of a page when it was last fetched."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    url: str
    """The page's address after all redirects."""
    text: str
    html: bool
    seen: Seen


@dataclass(slots=True)
class Manners:
    """The pace of requests to a site: pauses between two pages, and before a page is retried.

    Sources of one origin share one turn, because the load falls on the same server.
    """

    pause: float = 0.1
    retry_pause: float = 0.5
    contact: str = ""
    rest: Rest = asyncio.sleep
    turns: dict[tuple[str, str], asyncio.Lock] = field(default_factory=dict)

    def turn(self, url: str) -> asyncio.Lock:
        parts = urlsplit(url)
        return self.turns.setdefault((parts.scheme, parts.netloc), asyncio.Lock())


def agent(contact: str) -> str:
    """Return the User-Agent, with the operator's contact address. Only characters that a header allows are kept."""
    named = "".join(letter for letter in contact if letter.isascii() and letter.isprintable() and letter not in "()")
    return f"{NAME}/2 (grant search; reads public notices{f'; +{named}' if named else ''})"


class Site:
    """Fetches one page at a time, with a pause before each; obeys robots.txt; never leaves its origin."""

    def __init__(self, start: str, manners: Manners) -> None:
        self.start = start
        self._manners = manners
        self._pause = manners.pause
        self._turn = manners.turn(start)
        self._robots = Robots()
        self._client = httpx2.AsyncClient(headers={"User-Agent": agent(manners.contact)}, timeout=10)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def read_robots(self) -> None:
        """Read robots.txt. A site without one allows everything; a site that fails to serve it allows nothing."""
        url = urljoin(self.start, "/robots.txt")
        try:
            fetched = await self._patiently(url, Seen())
        except PageLost as lost:
            if " answered 4" not in str(lost):
                raise
            fetched = None
        self._robots = robots_of(fetched.text if fetched else "", NAME)
        self._pause = max(self._pause, min(self._robots.delay, LONGEST_PAUSE))

    def same_origin(self, url: str) -> bool:
        return _origin(url) == _origin(self.start)

    async def page(self, url: str, seen: Seen) -> Fetched | None:
        """Return the page at *url*; None when it is unchanged since it was *seen*."""
        if not self._robots.allow(url):
            raise Unreadable(f"{url} is closed to robots")
        return await self._patiently(url, seen)

    async def _patiently(self, url: str, seen: Seen) -> Fetched | None:
        """Fetch *url*, retrying temporary failures, each time later, or when the site states."""
        for attempt in range(1, TRIES + 1):
            try:
                async with self._turn:
                    await self._manners.rest(self._pause)
                    return await self._once(url, seen)
            except Passing as passing:
                if attempt == TRIES or (passing.after or 0) > LONGEST_WAIT:
                    raise PageLost(str(passing)) from passing
                backoff = self._manners.retry_pause * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)
                await self._manners.rest(max(backoff, passing.after or 0))
        raise PageLost(f"{url} did not come")

    async def _once(self, url: str, seen: Seen) -> Fetched | None:
        asked = {"If-None-Match": seen.etag, "If-Modified-Since": seen.last_modified}
        headers = {name: value for name, value in asked.items() if value}
        redirected = False
        for _ in range(4):
            if redirected:
                await self._manners.rest(self._pause)  # a redirect is a request like any other
            try:
                async with self._client.stream("GET", url, headers=headers) as answer:
                    if answer.has_redirect_location:
                        url = self._followed(url, answer.headers["location"])
                        redirected = True
                        continue
                    return None if answer.status_code == 304 and headers else await _read(url, answer)
            except httpx2.HTTPError as lost:
                raise Passing(f"{url} did not come: {type(lost).__name__} {lost}".rstrip()) from lost
        raise PageLost(f"{url} leads in a circle")

    def _followed(self, url: str, location: str) -> str:
        to = urljoin(url, location)
        if not self.same_origin(to):
            raise PageLost(f"{url} leads away, to {to}")
        return to


async def _read(url: str, answer: httpx2.Response) -> Fetched:
    if answer.status_code in AGAIN_LATER:
        raise Passing(f"{url} answered {answer.status_code}", after=wait_of(answer.headers.get("retry-after", "")))
    if answer.status_code in {404, 410}:
        raise Gone(f"{url} answered {answer.status_code}")
    if answer.status_code != 200:
        raise PageLost(f"{url} answered {answer.status_code}")
    kind = answer.headers.get("content-type", "").casefold()
    if not kind.startswith(READABLE):
        raise Unreadable(f"{url} is neither HTML nor text")
    content = bytearray()
    async for chunk in answer.aiter_bytes():
        content += chunk
        if len(content) > LARGEST_BYTES:
            raise PageLost(f"{url} is larger than {LARGEST_BYTES:,} bytes")
    seen = Seen(answer.headers.get("etag"), answer.headers.get("last-modified"))
    text = decoded(bytes(content), answer.charset_encoding)
    return Fetched(url, text.replace("\x00", ""), not kind.startswith("text/plain"), seen)


def _origin(url: str) -> tuple[str, int | None]:
    """Return the server of *url*; www. and https belong to the same server."""
    parts = urlsplit(url)
    usual = parts.port is None or parts.port == {"http": 80, "https": 443}.get(parts.scheme)
    return (parts.hostname or "").removeprefix("www."), None if usual else parts.port


def wait_of(retry_after: str) -> float | None:
    """Return the seconds that a Retry-After header requests, given as seconds or as a time."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
