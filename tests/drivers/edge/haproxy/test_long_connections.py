"""Connections that last: changes of the release do not cut them, and they end as documented."""

import asyncio

import pytest
from msgspec.structs import replace

import tests.drivers.edge.haproxy.long_connections
from mainstay.drivers.edge.haproxy.config.global_section import MAX_RELOADS
from tests.drivers.edge.haproxy.http_load import Client, free_port, load, wait_until
from tests.drivers.edge.haproxy.long_connections import echo, long_connections, next_event, open_events, open_tunnel
from tests.drivers.edge.haproxy.running_proxy import RunningProxy


def workers(running: RunningProxy) -> int:
    """Return how many workers of HAProxy run."""
    process = running.proxy.process.running()
    assert process is not None
    return len(running.pids(process)) - 1


async def reload(running: RunningProxy) -> None:
    """Change a setting that makes HAProxy reload."""
    running.edge = replace(running.edge, answer_s=running.edge.answer_s + 1)
    await running.set_shares({41: 100})


async def is_at_end(streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bool:
    """Return whether the server has closed the connection without a reset."""
    return await asyncio.wait_for(streams[0].read(), 10) == b""


@pytest.mark.slow
@pytest.mark.failure("F70")
async def test_fifty_changes_of_the_release_cut_no_connection(running: RunningProxy) -> None:
    async with (
        load(running.front_port) as gets,
        load(running.front_port, method="POST", rate=100) as posts,
        long_connections(running.front_port) as long,
    ):
        for number in range(50):
            new, old = (42, 41) if number % 2 == 0 else (41, 42)
            await running.set_shares({new: 100})
            await running.set_shares({new: 100}, without=(old,))
            await asyncio.sleep(0.1)
            if number % 10 == 9:
                await reload(running)
        await wait_until(lambda: long.received["uploads"] >= 20)
    assert (gets.not_ok, posts.not_ok, long.lost) == ([], [], [])
    assert {"old", "new"} == gets.answers.keys() == posts.answers.keys()
    assert min(long.received["echoes"], long.received["events"]) > 100
    await wait_until(lambda: workers(running) == 1)


@pytest.mark.slow
@pytest.mark.failure("F70")
async def test_fifty_old_instances_that_end_once_they_are_drained_fail_no_request_and_no_upload(
    running: RunningProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tests.drivers.edge.haproxy.long_connections, "UPLOAD_PARTS", 10)
    backends = {41: running.old, 42: running.new}
    async with (
        load(running.front_port) as gets,
        load(running.front_port, method="POST", rate=100) as posts,
        long_connections(running.front_port, streams=False) as long,
    ):
        for number in range(50):
            new, old = (42, 41) if number % 2 == 0 else (41, 42)
            await running.set_shares({new: 100})
            await wait_until(lambda slot=old - 40: drained(running, slot))
            backends[old].kill()
            await running.set_shares({new: 100}, without=(old,))
            backends[old].port = free_port()
            await backends[old].start()
    assert (gets.not_ok, posts.not_ok, long.lost) == ([], [], [])
    assert {"old", "new"} == gets.answers.keys() == posts.answers.keys()
    assert long.received["uploads"] >= 50


async def drained(running: RunningProxy, slot: int) -> bool:
    """Return whether no request is in flight to the instance in *slot*."""
    return await running.proxy.requests_in_flight("web", slot) == 0


async def test_a_kept_connection_reaches_the_new_release_with_its_next_request(running: RunningProxy) -> None:
    client = Client(running.front_port)
    assert (await client.request()).body == "old"
    opened = client._open
    await running.set_shares({42: 100}, without=(41,))
    assert (await client.request()).body == "new"
    assert client._open is opened
    client.close()


async def test_streams_of_the_old_release_last_until_the_service_ends_them(running: RunningProxy) -> None:
    tunnel, events = await open_tunnel(running.front_port), await open_events(running.front_port)
    await running.set_shares({42: 100}, without=(41,))
    await echo(tunnel)
    await next_event(events)
    running.old.released.set()
    assert (await asyncio.wait_for(events[0].readuntil(b"0\r\n\r\n"), 10)).endswith(b"\r\n0\r\n\r\n")
    running.old.kill()
    assert await is_at_end(tunnel)


async def test_a_reload_keeps_open_streams_for_the_time_limit_of_tunnels(running: RunningProxy) -> None:
    running.edge = replace(running.edge, tunnel_s=1.5)
    await running.set_shares({41: 100})
    idle, tunnel = Client(running.front_port), await open_tunnel(running.front_port)
    await idle.request()
    await reload(running)
    await echo(tunnel)
    assert workers(running) == 2
    assert (await idle.request()).body == "old"
    assert await is_at_end(tunnel)
    await wait_until(lambda: workers(running) == 1)
    idle.close()


@pytest.mark.slow
async def test_old_workers_do_not_pile_up_while_clients_keep_their_streams(running: RunningProxy) -> None:
    first = await open_tunnel(running.front_port)
    for _ in range(MAX_RELOADS):
        tunnel = await open_tunnel(running.front_port)
        await reload(running)
    await echo(first)
    await reload(running)
    assert await is_at_end(first)
    await echo(tunnel)
    await wait_until(lambda: workers(running) <= MAX_RELOADS + 1)
