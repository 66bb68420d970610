"""Site: the listing site as a polite visitor meets it."""

import asyncio
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

import httpx2

AGENT = "GranterBot/2 (grant search; reads public notices)"
LARGEST_BYTES = 2_000_000
LONGEST_PAUSE = 5.0


class PageLost(Exception):
    """A page could not be had; the message says why. The others may still be."""


class Site:
    """Asks for one page at a time, with a pause before each; obeys robots.txt; never leaves its origin."""

    def __init__(self, start: str, pause: float) -> None:
        self.start = start
        self._pause = pause
        self._robots = RobotFileParser()
        self._robots.parse([])
        self._client = httpx2.AsyncClient(headers={"User-Agent": AGENT}, timeout=10)

    async def __aenter__(self) -> Self:
        """Open, with the site's rules for robots read; a site without such rules allows everything."""
        try:
            answer = await self._client.get(urljoin(self.start, "/robots.txt"))
        except httpx2.HTTPError:
            return self
        if answer.status_code == 200:
            self._robots.parse(answer.text.splitlines())
            self._pause = max(self._pause, min(float(self._robots.crawl_delay(AGENT) or 0), LONGEST_PAUSE))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    def same_origin(self, url: str) -> bool:
        return urlsplit(url)[:2] == urlsplit(self.start)[:2]

    async def page(self, url: str) -> str:
        """The HTML at *url*, after the pause."""
        if not self._robots.can_fetch(AGENT, url):
            raise PageLost(f"{url} is closed to robots")
        await asyncio.sleep(self._pause)
        for _ in range(4):
            try:
                async with self._client.stream("GET", url) as answer:
                    if answer.has_redirect_location:
                        url = self._followed(url, answer.headers["location"])
                        continue
                    return await _html(url, answer)
            except httpx2.HTTPError as lost:
                raise PageLost(f"{url} did not come: {type(lost).__name__} {lost}") from lost
        raise PageLost(f"{url} leads in a circle")

    def _followed(self, url: str, location: str) -> str:
        to = urljoin(url, location)
        if not self.same_origin(to):
            raise PageLost(f"{url} leads away, to {to}")
        return to


async def _html(url: str, answer: httpx2.Response) -> str:
    if answer.status_code != 200:
        raise PageLost(f"{url} answered {answer.status_code}")
    if "html" not in answer.headers.get("content-type", ""):
        raise PageLost(f"{url} is no HTML page")
    content = bytearray()
    async for chunk in answer.aiter_bytes():
        content += chunk
        if len(content) > LARGEST_BYTES:
            raise PageLost(f"{url} is larger than {LARGEST_BYTES:,} bytes")
    try:
        return content.decode(answer.encoding or "utf-8", errors="replace")
    except LookupError as unknown:
        raise PageLost(f"{url} is in an unknown encoding") from unknown
