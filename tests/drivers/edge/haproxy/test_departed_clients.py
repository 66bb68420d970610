"""Clients that close their connection before the response: the edge ends their requests."""

import asyncio

import pytest

from tests.drivers.edge.haproxy.http_load import wait_until
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def in_flight(running: RunningProxy) -> int:
    return await running.proxy.requests_in_flight("web", 1)


async def gone(running: RunningProxy) -> bool:
    return await in_flight(running) == 0


async def sent(running: RunningProxy, path: str, port: int = 0) -> Connection:
    """Send a request, and wait until the instance has it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port or running.front_port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await wait_until(lambda: len(running.old.requests) == 1)
    return reader, writer


@pytest.mark.parametrize("inside", [False, True], ids=["from outside", "from another service"])
async def test_a_request_ends_when_its_client_has_gone(inside: bool, running: RunningProxy) -> None:
    _, writer = await sent(running, "/slow", running.listener_port if inside else 0)
    assert await in_flight(running) == 1
    writer.close()
    await wait_until(lambda: gone(running), within=5)
    entry = (await running.wait_for_log_entries(1))[0]
    assert (entry.release, entry.ended) == (41, "CH")


async def test_a_client_that_only_ends_its_own_direction_is_cut_off(running: RunningProxy) -> None:
    reader, writer = await sent(running, "/slow")
    writer.write_eof()
    assert (await asyncio.wait_for(reader.readline(), 5)).split()[1] == b"400"
    writer.close()


async def test_a_request_of_a_client_that_stays_is_not_ended(running: RunningProxy) -> None:
    reader, writer = await sent(running, "/slow")
    running.old.released.set()
    assert (await asyncio.wait_for(reader.readline(), 5)).split()[1] == b"200"
    writer.close()
