"""Which service gets which path: compared as services read it, by a real HAProxy."""

import asyncio
from collections.abc import Iterator

import pytest

from mainstay.model import Edge, Route
from tests.drivers.edge.haproxy.stage import Stage, stage
from tests.drivers.edge.haproxy.traffic import Client, free_port

API, ELSEWHERE, NO_ROUTE, REFUSED = 200, 503, 404, 400
"""`web` answers for `/api`; the service of `/` has no instance."""

PATHS = {
    "/api": API,
    "/api/": API,
    "/api?q=1": API,
    "/api/search": API,
    "/apifoo": ELSEWHERE,
    "/api-docs": ELSEWHERE,
    "/api.json": ELSEWHERE,
    "/API": ELSEWHERE,
    "/": ELSEWHERE,
    "/x/api": ELSEWHERE,
    "/%61pi/search": API,
    "/%61%70%69": API,
    "/api%66oo": ELSEWHERE,
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
    "/x/..a/api": ELSEWHERE,
    "/api/caf%C3%A9": API,
    "/api/100%25": API,
    "/caf%C3%A9/menu": API,
    "/caf%c3%a9s": ELSEWHERE,
    # An encoded slash is data for some services and a separator for others: refused only where that decides the route.
    "/api/projects/a%2Fb": API,
    "/other/a%2fb": ELSEWHERE,
    "/api%2fsearch": REFUSED,
    "/api%2Fsearch": REFUSED,
    "/%2fapi/search": REFUSED,
    "/api/..%2fadmin": REFUSED,
    "/api/%2e%2e%2fadmin": REFUSED,
    "/x%2f..%2fapi": REFUSED,
    "/api%252fsearch": ELSEWHERE,
    # Not decodable.
    "/api/%00": REFUSED,
    "/%00/api": REFUSED,
    "/api/%zz": REFUSED,
    "/api/%4": REFUSED,
    "/api/100%": REFUSED,
    "/api/?percent=100%&nothing=%00": API,
}


@pytest.fixture(scope="module")
def edge() -> Edge:
    routes = (Route("/", "elsewhere"), Route("/api", "web"), Route("/caf%C3%A9/", "web"))
    return Edge(http=free_port(), routes=routes)


@pytest.fixture(scope="module")
def runner(edge: Edge) -> Iterator[tuple[asyncio.Runner, Stage]]:
    """One HAProxy for the whole table."""
    with asyncio.Runner() as runner:
        context = stage(edge, {"web": 2, "elsewhere": 1})
        yield runner, runner.run(context.__aenter__())
        runner.run(context.__aexit__(None, None, None))


@pytest.mark.parametrize("path", PATHS)
def test_a_path_leads_to_the_service_whose_route_it_is_once_decoded(
    runner: tuple[asyncio.Runner, Stage], path: str
) -> None:
    running, here = runner
    answer = running.run(Client(here.front, keeps=False).ask(path))
    assert answer.status == PATHS[path]
    if answer.status == API:
        assert here.old.seen[-1][":path"] == path, "the service gets the path as the client sent it"


def test_a_request_for_no_path_has_no_route(runner: tuple[asyncio.Runner, Stage]) -> None:
    running, here = runner
    assert running.run(Client(here.front, keeps=False).ask("*", method="OPTIONS")).status == NO_ROUTE


def test_where_every_route_is_the_root_the_path_is_left_to_the_service() -> None:
    async def story() -> int:
        async with stage() as here:
            return (await Client(here.front, keeps=False).ask("/%zz%2f../%00")).status

    assert asyncio.run(story()) == API
