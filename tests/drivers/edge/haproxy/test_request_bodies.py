"""Request bodies at the edge: slow ones are rejected in bounded time, large ones and streams pass."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mainstay.model import Edge, Route
from tests.drivers.edge.haproxy.http_load import free_port
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

BODY_S = 1.0
LIMIT = 10 * BODY_S
BUFFER = 16384


@pytest.fixture
def edge() -> Edge:
    return Edge(http=free_port(), routes=(Route("/", "web"),), body_s=BODY_S)


@asynccontextmanager
async def connected(running: RunningProxy) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.front_port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def drip(writer: asyncio.StreamWriter, piece: bytes) -> None:
    """Send *piece* ten times in each `BODY_S`, until the edge closes the connection."""
    while not writer.is_closing():
        writer.write(piece)
        await asyncio.sleep(BODY_S / 10)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        pytest.param("Content-Length: 100000", b"x", id="with a length"),
        pytest.param("Transfer-Encoding: chunked", b"1\r\nx\r\n", id="chunked"),
    ],
)
async def test_a_body_sent_byte_by_byte_is_answered_408_in_bounded_time(
    head: str, piece: bytes, running: RunningProxy
) -> None:
    async with connected(running) as (reader, writer), asyncio.timeout(LIMIT):
        writer.write(f"POST / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
        dripping = asyncio.create_task(drip(writer, piece))
        status = await reader.readline()
        dripping.cancel()
    assert status.split()[1] == b"408"
    assert running.old.requests == []


async def test_a_large_body_that_takes_longer_than_the_limit_is_accepted(running: RunningProxy) -> None:
    pieces, piece = 20, b"x" * 2 * BUFFER
    async with connected(running) as (reader, writer), asyncio.timeout(LIMIT):
        writer.write(f"POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: {pieces * len(piece)}\r\n\r\n".encode())
        for _ in range(pieces):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(2 * BODY_S / pieces)
        assert (await reader.readline()).split()[1] == b"200"


async def test_a_client_that_waits_for_100_continue_receives_it(running: RunningProxy) -> None:
    async with connected(running) as (reader, writer), asyncio.timeout(LIMIT):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"100"
        await reader.readline()
        writer.write(b"ok")
        assert (await reader.readline()).split()[1] == b"200"


async def test_a_tunnel_may_last_longer_than_the_limit_for_bodies(running: RunningProxy) -> None:
    async with connected(running) as (reader, writer), asyncio.timeout(LIMIT):
        writer.write(b"GET /tunnel HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"101"
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(15):
            writer.write(b"x")
            assert await reader.readexactly(1) == b"x"
            await asyncio.sleep(BODY_S / 10)
