"""Rates of requests at the front door: what is counted, what a refused client gets, and what survives a reload."""

import asyncio

import msgspec
import pytest

from mainstay.drivers.edge.haproxy.preview_key import HEADER, signed_header
from mainstay.model import Edge, Route
from mainstay.model.limits import Limits, Rate
from tests.drivers.edge.haproxy.http_load import Client, Response, free_port, wait_until
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

LIMITS = Limits(
    per_client=Rate(6, 60),
    routes=(("/api/auth", Rate(2, 30)), ("/api", Rate(4, 60))),
    exempt=("/health",),
)


@pytest.fixture
def edge() -> Edge:
    """An edge that believes this machine, so that a test can be any client."""
    return Edge(http=free_port(), routes=(Route("/", "web"),), limits=LIMITS, trusted_proxies=("127.0.0.0/8",))


async def ask(running: RunningProxy, path: str = "/", client: str = "192.0.2.1") -> Response:
    return await Client(running.front_port, keep_alive=False).request(path, headers={"X-Forwarded-For": client})


async def statuses(running: RunningProxy, count: int, path: str = "/", client: str = "192.0.2.1") -> list[int]:
    return [(await ask(running, path, client)).status for _ in range(count)]


@pytest.mark.requirement("E17")
@pytest.mark.requirement("E26")
async def test_a_client_beyond_its_rate_is_refused_until_its_window_ends(running: RunningProxy) -> None:
    assert await statuses(running, 7) == [200] * 6 + [429]
    refused = await ask(running)
    assert "Too many requests" in refused.body
    assert 50 <= int(refused.headers["retry-after"]) <= 60


async def test_responses_show_what_is_left(running: RunningProxy) -> None:
    headers = [(await ask(running)).headers for _ in range(7)]
    assert [each["x-ratelimit-remaining"] for each in headers] == ["5", "4", "3", "2", "1", "0", "0"]
    assert {each["x-ratelimit-limit"] for each in headers} == {"6"}
    assert all(50 <= int(each["x-ratelimit-reset"]) <= 60 for each in headers)


async def test_another_client_has_its_own_count(running: RunningProxy) -> None:
    await statuses(running, 7)
    assert await statuses(running, 1, client="192.0.2.2") == [200]


async def test_the_addresses_of_an_ipv6_network_are_one_client(running: RunningProxy) -> None:
    assert await statuses(running, 6, client="2001:db8::1") == [200] * 6
    assert await statuses(running, 1, client="2001:db8::ffff:2") == [429]
    assert await statuses(running, 1, client="2001:db8:0:1::1") == [200]


@pytest.mark.requirement("E18")
@pytest.mark.requirement("E22")
async def test_the_rate_of_the_longest_path_applies_beside_that_of_the_client(running: RunningProxy) -> None:
    assert await statuses(running, 3, "/api/auth/login") == [200, 200, 429]
    refused = await ask(running, "/api/%61uth/login")
    assert (refused.status, refused.headers["x-ratelimit-limit"]) == (429, "2")
    assert int(refused.headers["retry-after"]) <= 30
    assert await statuses(running, 4, "/api/other") == [200] * 4
    assert await statuses(running, 1, "/") == [429]


@pytest.mark.requirement("E24")
async def test_exempt_paths_are_neither_counted_nor_refused(running: RunningProxy) -> None:
    assert await statuses(running, 10, "/health") == [200] * 10
    assert await statuses(running, 7) == [200] * 6 + [429]
    answer = await ask(running, "/health")
    assert (answer.status, "x-ratelimit-limit" in answer.headers) == (200, False)


async def test_requests_of_mainstay_itself_are_neither_counted_nor_refused(running: RunningProxy) -> None:
    own = {"X-Forwarded-For": "192.0.2.1", HEADER: signed_header(running.folders.edge, "front")}
    client = Client(running.front_port)
    assert {(await client.request(headers=own)).status for _ in range(10)} == {200}
    assert await statuses(running, 7) == [200] * 6 + [429]
    assert (await client.request(headers=own)).status == 200
    client.close()


async def test_calls_between_services_are_not_counted(running: RunningProxy) -> None:
    inside = Client(running.listener_port)
    assert {(await inside.request()).status for _ in range(20)} == {200}


@pytest.mark.slow
async def test_counts_survive_reloads(running: RunningProxy) -> None:
    await wait_until(lambda: has_waited_for_tables(running))
    assert await statuses(running, 4) == [200] * 4
    for _ in range(20):
        running.edge = msgspec.structs.replace(running.edge, answer_s=running.edge.answer_s + 1)
        await running.set_shares({41: 100})
    assert await statuses(running, 3) == [200, 200, 429]


async def has_waited_for_tables(running: RunningProxy) -> bool:
    """Whether HAProxy no longer waits for an older worker's tables; until then it hands over none."""
    reader, writer = await asyncio.open_unix_connection(running.folders.haproxy_socket)
    writer.write(b"show peers\n")
    reply = (await reader.read()).decode()
    writer.close()
    return int(reply.split("flags=", 1)[1].split()[0], 16) & 3 == 3
