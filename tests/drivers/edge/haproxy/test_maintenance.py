"""Maintenance at the front doors of a running HAProxy."""

import asyncio

import pytest

from mainstay.drivers.edge.haproxy.maintenance import maintenance_maps, map_commands
from mainstay.drivers.edge.haproxy.preview_key import HEADER, signed_header
from mainstay.model import Edge, Route
from mainstay.model.error_page import ErrorPage
from mainstay.model.maintenance import Maintenance
from tests.drivers.edge.haproxy.http_load import Client, Response, free_port
from tests.drivers.edge.haproxy.running_proxy import RunningProxy, running_proxy
from tests.drivers.edge.haproxy.test_preview import ALLOWED

CLOSED = Maintenance("Back at <15:00> & not before: “soon”")
HERE = ("127.0.0.0/8",)


async def set_maintenance(running: RunningProxy, wanted: Maintenance | None) -> None:
    maps = maintenance_maps(wanted, ("/health",))
    await running.proxy.converge(running.edge, running.ports, running.slots({41: 100}), maps)


async def response(running: RunningProxy, path: str = "/", port: int = 0, **headers: str) -> Response:
    return await Client(port or running.front_port, keep_alive=False).request(path, headers=headers)


async def generation(running: RunningProxy) -> str:
    return (await running.proxy._api.info())["Pid"]


async def test_maintenance_answers_503_with_the_escaped_message_without_a_reload(running: RunningProxy) -> None:
    before = await generation(running)
    await set_maintenance(running, CLOSED)
    found = await response(running)
    assert found.status == 503
    assert found.headers["retry-after"] == "5"
    assert "<p>Back at &lt;15:00&gt; &amp; not before: “soon”</p>" in found.body
    assert await generation(running) == before


async def test_a_client_that_wants_json_gets_a_problem_document(running: RunningProxy) -> None:
    await set_maintenance(running, CLOSED)
    found = await response(running, accept="application/json")
    assert found.headers["content-type"] == "application/problem+json"
    assert found.body == '{"type": "about:blank", "title": "Service Unavailable", "status": 503}'


async def test_allowed_clients_and_health_paths_and_internal_calls_pass(running: RunningProxy) -> None:
    running.preview = {"web": 42}
    await set_maintenance(running, CLOSED)
    assert (await response(running, "/health")).status == 200
    assert (await response(running, "/healthy")).status == 503
    assert (await response(running, port=running.listener_port)).status == 200
    assert (await running.preview_response()).status == 200
    await set_maintenance(running, Maintenance(allow=HERE))
    assert (await response(running)).status == 200


async def test_only_a_header_signed_for_the_front_door_passes(running: RunningProxy) -> None:
    await set_maintenance(running, CLOSED)
    headers = [signed_header(running.folders.edge, each) for each in ALLOWED]
    headers.append(signed_header(running.folders.edge, "front", valid_s=-1))
    client = Client(running.front_port, keep_alive=False)
    found = [(await client.request(headers={HEADER: each})).status for each in headers]
    assert found == [503, 503, 200, 503]
    assert HEADER.lower() not in running.old.requests[-1]


async def test_maintenance_ends_for_everyone(running: RunningProxy) -> None:
    await set_maintenance(running, CLOSED)
    await set_maintenance(running, None)
    assert (await response(running)).status == 200


async def test_a_new_worker_starts_with_the_maintenance_that_was_on(running: RunningProxy) -> None:
    await set_maintenance(running, CLOSED)
    before = await generation(running)
    running.counts["web"] += 1  # Another number of slots needs a reload.
    await set_maintenance(running, CLOSED)
    assert await generation(running) != before
    assert (await response(running)).status == 503


async def test_the_systems_own_page_for_503_is_used() -> None:
    edge = Edge(http=free_port(), routes=(Route("/", "web"),), pages=(ErrorPage(503, "<h1>ours</h1>"),))
    async with running_proxy(edge) as running:
        await set_maintenance(running, CLOSED)
        assert (await response(running)).body == "<h1>ours</h1>"


async def test_no_request_of_an_allowed_client_fails_while_maintenance_is_switched(running: RunningProxy) -> None:
    found: set[int] = set()
    switched = asyncio.Event()

    async def request() -> None:
        while not switched.is_set():
            found.add((await response(running)).status)

    load = [asyncio.create_task(request()) for _ in range(4)]
    for _ in range(20):
        await set_maintenance(running, Maintenance("now", HERE))
        await set_maintenance(running, None)
    switched.set()
    await asyncio.gather(*load)
    assert found == {200}


@pytest.mark.parametrize("allow", [(), ("10.0.0.0/8",), ("0.0.0.0/0",)], ids=["none", "a network", "everyone"])
def test_nothing_is_sent_when_the_maps_are_as_desired(allow: tuple[str, ...]) -> None:
    maps = maintenance_maps(Maintenance(allow=allow), ("/health",))
    assert map_commands(maps, maps) == []


def test_what_passes_is_allowed_before_everyone_is_refused_and_closed_after_everyone_is_served() -> None:
    off, on = maintenance_maps(None), maintenance_maps(Maintenance(allow=HERE), ("/health",))
    passing, refused = ["/health", *HERE], ["0.0.0.0/0", "::/0"]
    assert [command.split()[3] for command in map_commands(on, off)] == passing + refused
    assert [command.split()[3] for command in map_commands(off, on)] == (passing + refused)[::-1]
