"""Compression of responses at a front door."""

import gzip

import pytest

from mainstay.model import Edge, Route
from tests.drivers.edge.haproxy.http_load import Client, Response, free_port
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

TEXT = b"Mainstay " * 1000
JSON = ("Content-Type", "application/json")


@pytest.fixture
def edge() -> Edge:
    return Edge(http=free_port(), routes=(Route("/", "web"),), compress=True)


async def answer(
    running: RunningProxy, *headers: tuple[str, str], content: bytes = TEXT, accepts: str = "gzip, br"
) -> Response:
    running.old.content, running.old.headers = content, headers
    return await Client(running.front_port).request(headers={"Accept-Encoding": accepts})


@pytest.mark.requirement("E29")
async def test_text_is_compressed_for_a_client_that_accepts_gzip(running: RunningProxy) -> None:
    response = await answer(running, JSON)
    assert (response.headers["content-encoding"], response.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert len(response.content) < 200
    assert gzip.decompress(response.content) == TEXT


@pytest.mark.parametrize(
    "headers",
    [
        (JSON, ("Content-Encoding", "br")),
        (("Content-Type", "image/png"),),
        (("Content-Type", "text/event-stream"),),
        (JSON, ("Cache-Control", "no-transform")),
        (),
    ],
    ids=["already encoded", "a picture", "an event stream", "forbidden by the service", "no type"],
)
async def test_what_gains_nothing_is_sent_as_it_is(running: RunningProxy, headers: tuple[tuple[str, str], ...]) -> None:
    response = await answer(running, *headers)
    assert response.content == TEXT


async def test_a_client_that_does_not_accept_gzip_gets_the_text(running: RunningProxy) -> None:
    assert (await answer(running, JSON, accepts="br, gzip;q=0")).content == TEXT
