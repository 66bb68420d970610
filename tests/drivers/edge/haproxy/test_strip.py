"""Routes by host, and routes whose path the service does not see."""

import asyncio
from collections.abc import Iterator

import pytest

from mainstay.model import Edge, Route
from tests.drivers.edge.haproxy.http_load import Client, free_port
from tests.drivers.edge.haproxy.running_proxy import RunningProxy, running_proxy

ROUTES = (
    Route("/api", "web", strip=True),
    Route("/api/raw", "web"),
    Route("/", "web", host="shop.example"),
    Route("/long", "other", host="*.shop.example"),
    Route("/strip", "web", host="*.shop.example", strip=True),
    Route("/", "web", host="*.shop.example"),
    Route("/api/v1/", "web", host="deep.example", strip=True),
)


@pytest.fixture(scope="module")
def running(runner: asyncio.Runner) -> Iterator[RunningProxy]:
    context = running_proxy(Edge(http=free_port(), routes=ROUTES), {"web": 2, "other": 1})
    yield runner.run(context.__aenter__())
    runner.run(context.__aexit__(None, None, None))


@pytest.mark.parametrize(
    ("host", "path", "got", "prefix"),
    [
        ("x", "/api", "/", "/api"),
        ("x", "/api?q=/api/x", "/?q=/api/x", "/api"),
        ("x", "/api/", "/", "/api"),
        ("x", "/api/search?q=%61", "/search?q=%61", "/api"),
        ("x", "/%61pi/api/x", "/api/x", "/api"),
        ("x", "//api//search", "/search", "/api"),
        ("x", "/./api/./x", "/x", "/api"),
        ("x", "/api/a%2Fb", "/a%2Fb", "/api"),
        ("x", "/api/%2Fb", "/%2Fb", "/api"),
        ("x", "/api/a%20b+c", "/a%20b+c", "/api"),
        ("x", "/api/a%3Fb", "/a%3Fb", "/api"),
        ("x", "/api/raw/x", "/api/raw/x", ""),
        ("shop.example", "/api/x", "/api/x", ""),
        ("SHOP.example:8080", "/%61", "/%61", ""),
        ("a.shop.example", "/api/x", "/api/x", ""),
        ("a.shop.example", "/strip/x", "/x", "/strip"),
        ("deep.example", "/api/v1/x", "/x", "/api/v1"),
        ("deep.example", "/api/v1", "/", "/api/v1"),
        ("deep.example", "/api/v2", "/v2", "/api"),
    ],
)
async def test_the_service_gets_the_path_below_the_route(
    running: RunningProxy, host: str, path: str, got: str, prefix: str
) -> None:
    response = await Client(running.front_port).request(path, headers={"Host": host, "X-Forwarded-Prefix": "/evil"})
    assert response.status == 200
    assert running.old.requests[-1][":path"] == got
    assert running.old.requests[-1].get("x-forwarded-prefix", "") == prefix


async def test_the_preview_door_leads_to_the_same_paths(running: RunningProxy) -> None:
    for host, path, got in (("x", "/api/x", "/x"), ("a.shop.example", "/strip/x", "/x"), ("x", "/api/raw", "/api/raw")):
        assert (await running.preview_response(path, headers={"Host": host})).status == 200
        assert running.old.requests[-1][":path"] == got


@pytest.mark.parametrize(
    "path", ["/api/../x", "/api/%2e%2e/x", "/api%2Fx", "/%2Fapi/x", "/x%2f..%2fapi", "/api/..%2fx"]
)
async def test_a_path_that_could_leave_the_route_is_refused(running: RunningProxy, path: str) -> None:
    assert await running.request(path, headers={"Host": "x"}) != "200 old"
    assert (await Client(running.front_port).request(path, headers={"Host": "x"})).status == 400


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("a.shop.example", "/long", 503),
        ("a.b.shop.example", "/x", 404),
        (".shop.example", "/x", 404),
        ("a.shopxexample", "/x", 404),
        ("evil-shop.example", "/x", 404),
    ],
)
async def test_a_wildcard_matches_exactly_one_label(running: RunningProxy, host: str, path: str, status: int) -> None:
    assert (await Client(running.front_port).request(path, headers={"Host": host})).status == status
