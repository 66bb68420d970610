"""Politeness of the scraper, robots.txt, and page encodings."""

import asyncio

import pytest

pytest.importorskip("selectolax", reason="the scraper needs selectolax: install data-service/requirements.lock")

from granter_data.rules.address import canonical
from granter_data.scraper.encoding import decoded
from granter_data.scraper.robots import robots_of
from granter_data.scraper.site import Politeness, Site, Validators
from granter_data.settings import Settings
from granter_fake_site import FakeSite, Reply

pytestmark = pytest.mark.requirement("Q9")

ROBOTS = """
User-agent: OtherBot
Disallow: /

User-agent: *
User-agent: SomeBot
Crawl-delay: 2
Disallow: /private/   # members
Disallow: /*?sort=
Disallow: /*.php$
Disallow: /shop
Allow: /shop/window
Disallow: /caf%C3%A9
Disallow:

Sitemap: /map.xml
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        pytest.param("/calls", True, id="not disallowed"),
        pytest.param("/private/1", False, id="a folder"),
        pytest.param("/private", True, id="a name with the same beginning"),
        pytest.param("/calls?page=2&sort=asc", True, id="another query"),
        pytest.param("/calls?sort=asc", False, id="any path with the disallowed query"),
        pytest.param("/a/b.php", False, id="an ending"),
        pytest.param("/a/b.php?id=1", True, id="a longer ending"),
        pytest.param("/shop/window/3", True, id="the longer rule"),
        pytest.param("/shop/till", False, id="the shorter rule"),
        pytest.param("/café", False, id="percent-encoded"),
    ],
)
def test_robots_rules_are_obeyed(path: str, allowed: bool) -> None:
    assert robots_of(ROBOTS, "GranterBot").allow(f"https://site.example{path}") is allowed


def test_at_most_five_requests_a_second_also_after_redirects() -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def visit(url: str) -> None:
        async with Site(f"{url}/", Politeness(Settings.page_pause, sleep=sleep)) as site:
            fetched = await site.page(f"{url}/old", Validators())
            assert fetched is not None
            assert fetched.text == "<h1>New</h1>"

    moved = Reply("", "text/html", 301, {"Location": "/new"})
    with FakeSite({"/old": moved, "/new": "<h1>New</h1>"}) as fake:
        asyncio.run(visit(fake.url))
        assert fake.requested == ["/old", "/new"]
    assert pauses == [0.2, 0.2]


def test_robots_rules_for_our_agent_take_precedence() -> None:
    robots = robots_of("User-agent: *\nDisallow: /\n\nUser-agent: GRANTERBOT\nCrawl-delay: 1.5", "GranterBot")
    assert robots.allow("https://site.example/calls")
    assert robots.delay == 1.5


@pytest.mark.parametrize("text", ["", "<html>not found</html>", "Disallow: /", "\x00\xff", "User-agent *\nDisallow /"])
def test_an_invalid_robots_file_disallows_nothing(text: str) -> None:
    assert robots_of(text, "GranterBot").allow("https://site.example/calls")


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        pytest.param("Förderung 5 €".encode(), "utf-8", id="declared by the server"),
        pytest.param("Förderung 5 €".encode("windows-1252"), "iso-8859-1", id="latin-1, which means windows-1252"),
        pytest.param("<meta charset='windows-1252'>Förderung 5 €".encode("windows-1252"), None, id="meta tag"),
        pytest.param('<?xml version="1.0" encoding="ISO-8859-15"?>Förderung 5 €'.encode("iso8859-15"), None, id="XML"),
        pytest.param("\ufeffFörderung 5 €".encode("utf-16-le"), "utf-8", id="byte order mark"),
        pytest.param("Förderung 5 €".encode(), None, id="undeclared UTF-8"),
        pytest.param("Förderung 5 €".encode("windows-1252"), None, id="undeclared, not UTF-8"),
        pytest.param("Förderung 5 €".encode(), "no-such-thing", id="an unknown encoding"),
        pytest.param("Förderung 5 €".encode(), "base64", id="a codec that is no text encoding"),
    ],
)
def test_pages_are_decoded_with_their_encoding(content: bytes, charset: str | None) -> None:
    assert decoded(content, charset).endswith("Förderung 5 €")


@pytest.mark.parametrize(
    "url",
    [
        "http://site.example/a;jsessionid=1F2E?id=4",
        "http://site.example/a?PHPSESSID=77&id=4",
        "http://site.example/a?id=4&utm_source=rss&fbclid=z",
    ],
)
def test_urls_are_canonical_across_visits(url: str) -> None:
    assert canonical(url) == "http://site.example/a?id=4"


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://fund.example/a", True),
        ("http://www.fund.example/a", True),
        ("http://fund.example:80/", True),
        ("http://fund.example:8080/", False),
        ("http://evil.example/fund.example", False),
        ("http://fund.example.evil.example/", False),
        ("http://127.0.0.1/", False),
    ],
)
def test_a_site_is_the_same_with_www_and_https_and_no_other(url: str, ours: bool) -> None:
    assert Site("http://fund.example/grants", Politeness()).same_origin(url) is ours
