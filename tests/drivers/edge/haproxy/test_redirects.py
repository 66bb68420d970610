"""Redirects at a front door."""

import asyncio
from collections.abc import Iterator

import pytest

from mainstay.drivers.edge.haproxy.access_lines import described
from mainstay.model import Edge, Redirect, Route
from tests.drivers.edge.haproxy.http_load import Client, free_port
from tests.drivers.edge.haproxy.running_proxy import RunningProxy, running_proxy

REDIRECTS = (
    Redirect("old.example", "/", "https://new.example"),
    Redirect("old.example", "/shop", "https://shop.example/start/", code=308),
    Redirect("*.old.example", "/", "https://new.example/w%20x"),
    Redirect("", "/blog", "/news"),
    Redirect("", "/up", "/"),
    Redirect("", "/docs", "https://docs.example/?from=shop", code=302, keep_path=False),
)


@pytest.fixture(scope="module")
def running(runner: asyncio.Runner) -> Iterator[RunningProxy]:
    context = running_proxy(Edge(http=free_port(), routes=(Route("/", "web"),), redirects=REDIRECTS))
    yield runner.run(context.__aenter__())
    runner.run(context.__aexit__(None, None, None))


@pytest.mark.parametrize(
    ("host", "path", "status", "location"),
    [
        ("old.example", "/", 301, "https://new.example/"),
        ("OLD.example:8080", "/a?b=c%20d&e", 301, "https://new.example/a?b=c%20d&e"),
        ("old.example", "/caf%C3%A9/%61", 301, "https://new.example/caf%C3%A9/a"),
        ("old.example", "/shop", 308, "https://shop.example/start/"),
        ("old.example", "/shop?", 308, "https://shop.example/start/?"),
        ("old.example", "/shop/a/", 308, "https://shop.example/start/a/"),
        ("old.example", "/shops", 301, "https://new.example/shops"),
        ("www.old.example", "/a", 301, "https://new.example/w%20x/a"),
        ("a.www.old.example", "/a", 200, ""),
        ("new.example", "/blog", 301, "/news"),
        ("new.example", "/blog?page=2", 301, "/news?page=2"),
        ("new.example", "/%62log/a%2Fb", 301, "/news/a%2Fb"),
        ("new.example", "/blog/../x", 400, ""),
        ("new.example", "/blog%2Fa", 400, ""),
        ("new.example", "/blogs", 200, ""),
        ("new.example", "/docs/a?b", 302, "https://docs.example/?from=shop"),
        ("new.example", "/up", 301, "/"),
        ("new.example", "/up//evil.example", 301, "/evil.example"),
        ("new.example", "/up/.//evil.example", 301, "/evil.example"),
        ("new.example", "/up/%2Fevil.example", 301, "/%2Fevil.example"),
        ("new.example", "/up/%5Cevil.example", 301, "/%5Cevil.example"),
        ("new.example", "/up/\\evil.example", 400, ""),
        ("new.example", "/up/%0d%0aX-Evil:%201", 301, "/%0d%0aX-Evil:%201"),
        ("new.example", "/up@evil.example", 200, ""),
        ("new.example", "/a\\b", 200, ""),
    ],
)
async def test_an_address_leads_where_the_redirect_declares(
    running: RunningProxy, host: str, path: str, status: int, location: str
) -> None:
    response = await Client(running.front_port).request(path, headers={"Host": host})
    assert (response.status, response.headers.get("location", "")) == (status, location)


async def test_a_redirect_answers_every_method(running: RunningProxy) -> None:
    response = await Client(running.front_port).request("/shop", method="POST", headers={"Host": "old.example"})
    assert response.status == 308


async def test_the_log_shows_that_the_front_door_responded() -> None:
    async with running_proxy(Edge(http=free_port(), routes=(Route("/app", "web"),), redirects=REDIRECTS)) as running:
        for path in ("/blog", "/app/../x", "/none"):
            await running.request(path)
        shown = {described(entry).partition(" ms ")[::2] for entry in await running.wait_for_log_entries(3)}
        assert {(what.rpartition(" ")[0], who) for what, who in shown} == {
            ("GET /blog 301", "the front door responded"),
            ("GET /app/../x 400", "the front door responded"),
            ("GET /none 404", "no route"),
        }
