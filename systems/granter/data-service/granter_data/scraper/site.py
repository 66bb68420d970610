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

BOT_NAME = "GranterBot"
MAX_BYTES = 2_000_000
MAX_PAUSE = 5.0
MAX_WAIT = 30.0
MAX_TRIES = 3
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
PAGES = ("text/html", "application/xhtml")
FEEDS = ("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/xml", "text/xml")
READABLE = (*PAGES, *FEEDS, "text/plain")

Sleep = Callable[[float], Awaitable[None]]


class FetchFailed(Exception):
    """A page could not be fetched; the message gives the reason. Other pages may still be available."""


class PageGone(FetchFailed):
    """The site reports that the page does not exist."""


class UnsupportedPage(FetchFailed):
    """The response is not a readable page; the site itself may be fine."""


class TemporaryFailure(Exception):
    """A failure that may be temporary. `after`: the seconds until the site wants a retry; None if it states none."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


@dataclass(frozen=True, slots=True)
class Validators:
    """Headers of a page's last response; sent back, they let the site reply that the page is unchanged."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    url: str
    """The page's address after all redirects."""
    text: str
    html: bool
    validators: Validators


@dataclass(slots=True)
class Politeness:
    """The pace of requests to a site: the seconds between two requests, and before a page is retried.

    Sources of one origin share a lock, so that one server gets one request at a time.
    """

    pause: float = 0.1
    retry_pause: float = 0.5
    contact: str = ""
    sleep: Sleep = asyncio.sleep
    locks: dict[tuple[str, str], asyncio.Lock] = field(default_factory=dict)

    def lock_for(self, url: str) -> asyncio.Lock:
        parts = urlsplit(url)
        return self.locks.setdefault((parts.scheme, parts.netloc), asyncio.Lock())


def user_agent(contact: str) -> str:
    """Return the User-Agent, with the operator's contact address. Only characters that a header allows are kept."""
    contact_text = "".join(
        letter for letter in contact if letter.isascii() and letter.isprintable() and letter not in "()"
    )
    return f"{BOT_NAME}/2 (grant search; reads public notices{f'; +{contact_text}' if contact_text else ''})"


class Site:
    """Fetches one page at a time, with a pause before each; obeys robots.txt; never leaves its origin."""

    def __init__(self, start: str, politeness: Politeness) -> None:
        self.start = start
        self._politeness = politeness
        self._pause = politeness.pause
        self._lock = politeness.lock_for(start)
        self._robots = Robots()
        self._client = httpx2.AsyncClient(headers={"User-Agent": user_agent(politeness.contact)}, timeout=10)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def read_robots(self) -> None:
        """Read robots.txt. A site without one allows everything. Raises FetchFailed when it cannot be fetched."""
        url = urljoin(self.start, "/robots.txt")
        try:
            fetched = await self._fetch_with_retries(url, Validators())
        except FetchFailed as error:
            if " returned status 4" not in str(error):
                raise
            fetched = None
        self._robots = robots_of(fetched.text if fetched else "", BOT_NAME)
        self._pause = max(self._pause, min(self._robots.delay, MAX_PAUSE))

    def same_origin(self, url: str) -> bool:
        return _origin(url) == _origin(self.start)

    async def page(self, url: str, validators: Validators) -> Fetched | None:
        """Return the page at *url*; None when *validators* show that it is unchanged. Raises FetchFailed."""
        if not self._robots.allow(url):
            raise UnsupportedPage(f"{url} is disallowed by robots.txt")
        return await self._fetch_with_retries(url, validators)

    async def _fetch_with_retries(self, url: str, validators: Validators) -> Fetched | None:
        """Fetch *url*. Retry temporary failures after growing pauses, or after the pause that the site requests."""
        for attempt in range(1, MAX_TRIES + 1):
            try:
                async with self._lock:
                    await self._politeness.sleep(self._pause)
                    return await self._fetch_once(url, validators)
            except TemporaryFailure as failure:
                if attempt == MAX_TRIES or (failure.after or 0) > MAX_WAIT:
                    raise FetchFailed(str(failure)) from failure
                backoff = self._politeness.retry_pause * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)
                await self._politeness.sleep(max(backoff, failure.after or 0))
        raise FetchFailed(f"{url} could not be fetched")

    async def _fetch_once(self, url: str, validators: Validators) -> Fetched | None:
        conditions = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
        headers = {name: value for name, value in conditions.items() if value}
        redirected = False
        for _ in range(4):
            if redirected:
                await self._politeness.sleep(self._pause)  # a redirect is a request like any other
            try:
                async with self._client.stream("GET", url, headers=headers) as response:
                    if response.has_redirect_location:
                        url = self._redirect_target(url, response.headers["location"])
                        redirected = True
                        continue
                    return None if response.status_code == 304 and headers else await _read(url, response)
            except httpx2.HTTPError as error:
                raise TemporaryFailure(
                    f"{url} could not be fetched: {type(error).__name__} {error}".rstrip()
                ) from error
        raise FetchFailed(f"{url} redirects in a circle")

    def _redirect_target(self, url: str, location: str) -> str:
        to = urljoin(url, location)
        if not self.same_origin(to):
            raise FetchFailed(f"{url} redirects to another site, {to}")
        return to


async def _read(url: str, response: httpx2.Response) -> Fetched:
    if response.status_code in RETRIED_STATUSES:
        raise TemporaryFailure(
            f"{url} returned status {response.status_code}",
            after=retry_after_seconds(response.headers.get("retry-after", "")),
        )
    if response.status_code in {404, 410}:
        raise PageGone(f"{url} returned status {response.status_code}")
    if response.status_code != 200:
        raise FetchFailed(f"{url} returned status {response.status_code}")
    kind = response.headers.get("content-type", "").casefold()
    if not kind.startswith(READABLE):
        raise UnsupportedPage(f"{url} is neither HTML nor text")
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > MAX_BYTES:
            raise FetchFailed(f"{url} is larger than {MAX_BYTES:,} bytes")
    validators = Validators(response.headers.get("etag"), response.headers.get("last-modified"))
    text = decoded(bytes(content), response.charset_encoding)
    return Fetched(url, text.replace("\x00", ""), not kind.startswith("text/plain"), validators)


def _origin(url: str) -> tuple[str, int | None]:
    """Return the host of *url* without `www.`, and its port; None for a default port, so that http equals https."""
    parts = urlsplit(url)
    is_default_port = parts.port is None or parts.port == {"http": 80, "https": 443}.get(parts.scheme)
    return (parts.hostname or "").removeprefix("www."), None if is_default_port else parts.port


def retry_after_seconds(retry_after: str) -> float | None:
    """Return the seconds that a Retry-After header requests, given as seconds or as a time."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
