"""Routing by path: HAProxy compares the path in the form in which services decode it."""

import asyncio
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from mainstay.model import Edge, Route
from tests.drivers.edge.haproxy.http_load import Client, free_port
from tests.drivers.edge.haproxy.running_proxy import RunningProxy, running_proxy

API, OTHER, NO_ROUTE, REFUSED = 200, 503, 404, 400
"""`web` answers for `/api`; the service of `/` has no instance."""

PATHS = {
    "/api": API,
    "/api/": API,
    "/api?q=1": API,
    "/api/search": API,
    "/apifoo": OTHER,
    "/api-docs": OTHER,
    "/api.json": OTHER,
    "/API": OTHER,
    "/": OTHER,
    "/x/api": OTHER,
    "/%61pi/search": API,
    "/%61%70%69": API,
    "/api%66oo": OTHER,
    "//api/search": API,
    "/api//search": API,
    "/./api": API,
    "/x/../api/search": REFUSED,
    "/x/%2e%2E/api/search": REFUSED,
    "/api/../admin": REFUSED,
    "/api/%2e%2e/admin": REFUSED,
    "/api/..": REFUSED,
    "/../api": REFUSED,
    "/x/.%2E/api": REFUSED,
    "/x/..a/api": OTHER,
    "/api/caf%C3%A9": API,
    "/api/100%25": API,
    "/caf%C3%A9/menu": API,
    "/caf%c3%a9s": OTHER,
    # An encoded slash is data for some services and a separator for others: refused only where that decides the route.
    "/api/projects/a%2Fb": API,
    "/other/a%2fb": OTHER,
    "/api%2fsearch": REFUSED,
    "/api%2Fsearch": REFUSED,
    "/%2fapi/search": REFUSED,
    "/api/..%2fadmin": REFUSED,
    "/api/%2e%2e%2fadmin": REFUSED,
    "/x%2f..%2fapi": REFUSED,
    "/api%252fsearch": OTHER,
    # Not decodable.
    "/api/%00": REFUSED,
    "/%00/api": REFUSED,
    "/api/%zz": REFUSED,
    "/api/%4": REFUSED,
    "/api/100%": REFUSED,
    "/api/?percent=100%&nothing=%00": API,
}


@pytest.fixture(scope="module")
def running(runner: asyncio.Runner) -> Iterator[RunningProxy]:
    """One HAProxy for the whole table."""
    routes = (Route("/", "other"), Route("/api", "web"), Route("/caf%C3%A9/", "web"))
    context = running_proxy(Edge(http=free_port(), routes=routes), {"web": 2, "other": 1})
    yield runner.run(context.__aenter__())
    runner.run(context.__aexit__(None, None, None))


@pytest.mark.parametrize("path", PATHS)
async def test_a_decoded_path_selects_the_service(running: RunningProxy, path: str) -> None:
    answer = await Client(running.front_port, keep_alive=False).request(path)
    assert answer.status == PATHS[path]
    if answer.status == API:
        assert running.old.requests[-1][":path"] == path, "the service gets the path as the client sent it"


async def test_a_request_without_a_path_has_no_route(running: RunningProxy) -> None:
    answer = await Client(running.front_port, keep_alive=False).request("*", method="OPTIONS")
    assert answer.status == NO_ROUTE


async def test_with_a_single_route_for_the_root_every_path_is_passed_on() -> None:
    async with running_proxy() as running:
        assert await running.request("/%zz%2f../%00") == "200 old"


async def test_a_route_of_an_awaited_service_matches_once_an_instance_has_traffic() -> None:
    routes = (Route("/", "web"), Route("/new", "api", strip=True))
    async with running_proxy(Edge(http=free_port(), routes=routes, awaited=("api",))) as running:
        assert await running.request("/new/a") == "200 old"
        assert running.old.requests[-1][":path"] == "/new/a"
        running.edge = replace(running.edge, awaited=("web",))
        await running.set_shares({41: 100})
        assert (await Client(running.front_port, keep_alive=False).request("/new/a")).status == OTHER
        assert await running.request("/a") == "200 old"
