"""Limits on headers, bodies and connections at the front door."""

import asyncio

import pytest

from mainstay.model import Edge, Route
from mainstay.model.limits import LONGEST_HEADERS, Limits
from tests.drivers.edge.haproxy.http_load import Client, free_port, wait_until
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

BODY, CONNECTIONS = 20_000, 3


@pytest.fixture
def edge(request: pytest.FixtureRequest) -> Edge:
    """The edge of `running`; a parameter is a header of its responses."""
    headers = (request.param,) if hasattr(request, "param") else ()
    limits = Limits(body_bytes=BODY, connections=CONNECTIONS)
    return Edge(http=free_port(), routes=(Route("/", "web"),), limits=limits, headers=headers)


async def answered(running: RunningProxy, head: str, body: bytes = b"", *, ends: bool = True) -> int:
    """Return the status of the answer to a POST whose body follows *head*."""
    reader, writer = await asyncio.open_connection("127.0.0.1", running.front_port)
    try:
        writer.write(f"POST / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode() + body)
        return int((await asyncio.wait_for(reader.readline(), 5)).split()[1])
    finally:
        writer.close()


def chunked(size: int) -> bytes:
    return b"%x\r\n%s\r\n" % (size, b"x" * size)


@pytest.mark.requirement("E21")
async def test_a_body_that_is_declared_too_long_is_refused_before_it_arrives(running: RunningProxy) -> None:
    assert await answered(running, f"Content-Length: {BODY + 1}") == 413
    assert await answered(running, f"Content-Length: {BODY + 1}\r\nExpect: 100-continue") == 413


async def test_a_body_up_to_the_limit_passes(running: RunningProxy) -> None:
    assert await answered(running, f"Content-Length: {BODY}", b"x" * BODY) == 200


async def test_a_short_chunked_body_passes(running: RunningProxy) -> None:
    running.old.requests.clear()
    await answered(running, "Transfer-Encoding: chunked", chunked(4096) + b"0\r\n\r\n")
    await wait_until(lambda: len(running.old.requests) == 1)


@pytest.mark.parametrize("headers", [0, LONGEST_HEADERS - 300])
async def test_a_long_body_of_unknown_length_needs_a_length(headers: int, running: RunningProxy) -> None:
    head = f"X-Long: {'x' * headers}\r\nTransfer-Encoding: chunked"
    assert await answered(running, head, chunked(5000) * 10) == 411
    assert running.old.requests == []


@pytest.mark.parametrize("edge", [("X-Policy", "x" * 3500)], indirect=True, ids=["many response headers"])
@pytest.mark.parametrize("headers", range(0, LONGEST_HEADERS, 2500))
async def test_headers_leave_room_to_measure_a_body(headers: int, running: RunningProxy) -> None:
    head = f"X-Long: {'x' * headers}\r\nTransfer-Encoding: chunked"
    assert await answered(running, head, chunked(5000) * 10) in (411, 431)
    assert running.old.requests == []


async def test_long_headers_are_refused(running: RunningProxy) -> None:
    assert await answered(running, f"X-Long: {'x' * LONGEST_HEADERS}\r\nContent-Length: 0") == 431


@pytest.mark.threat("S32")
async def test_a_client_has_a_limit_of_connections(running: RunningProxy) -> None:
    clients = [Client(running.front_port) for _ in range(CONNECTIONS)]
    assert [(await client.request()).status for client in clients] == [200] * CONNECTIONS
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await Client(running.front_port).request()
    clients[0].close()
    await wait_until(lambda: accepted(running))


async def accepted(running: RunningProxy) -> bool:
    client = Client(running.front_port, keep_alive=False)
    try:
        return (await client.request()).status == 200
    except (ConnectionError, asyncio.IncompleteReadError):
        return False
