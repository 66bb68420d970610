"""The edge's own pages."""

import json

import pytest

from mainstay.manifest.edge.error_pages import LARGEST_BYTES
from mainstay.manifest.edge.headers import MOST_BYTES
from mainstay.model import Edge, ErrorPage, Route
from tests.drivers.edge.haproxy.http_load import Client, Response, free_port
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

OWN = '<!doctype html>\n<h1>Wir sind gleich zurück: "100%" %[env(HOME)] $HOME \\ \' {} ]),</h1>\n'
LARGE = "é" * (LARGEST_BYTES // 2)
ROUTES = (Route("/none", "other"), Route("/app", "web"))


@pytest.fixture
def edge() -> Edge:
    pages = (ErrorPage(503, OWN), ErrorPage(404, LARGE))
    return Edge(http=free_port(), routes=ROUTES, pages=pages, headers=(("X-Large", "x" * MOST_BYTES),))


async def answer(running: RunningProxy, path: str, accept: str = "text/html") -> Response:
    return await Client(running.front_port).request(path, headers={"Accept": accept})


async def test_an_own_page_is_sent_as_it_was_written(running: RunningProxy) -> None:
    response = await answer(running, "/none")
    assert (response.status, response.content) == (503, OWN.encode())
    assert (response.headers["content-type"], response.headers["retry-after"]) == ("text/html; charset=utf-8", "5")


async def test_the_largest_page_is_sent_whole(running: RunningProxy) -> None:
    response = await answer(running, "/nowhere")
    assert (response.status, response.content) == (404, LARGE.encode())


async def test_a_status_without_an_own_page_has_a_plain_one(running: RunningProxy) -> None:
    response = await answer(running, "/app/../x")
    assert ("<h1>Bad request</h1>" in response.body, response.headers["cache-control"]) == (True, "no-store")


@pytest.mark.parametrize("accept", ["application/json", "application/problem+json", "application/json, */*;q=0.8"])
async def test_a_client_of_an_api_gets_a_problem_document(running: RunningProxy, accept: str) -> None:
    response = await answer(running, "/none", accept)
    assert response.headers["content-type"] == "application/problem+json"
    assert json.loads(response.body) == {"type": "about:blank", "title": "Service Unavailable", "status": 503}
    assert (response.headers["retry-after"], "x-mainstay-page" in response.headers) == ("5", False)


async def test_a_browser_gets_a_page(running: RunningProxy) -> None:
    response = await answer(running, "/none", "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8")
    assert response.headers["content-type"] == "text/html; charset=utf-8"


async def test_a_head_request_gets_no_body(running: RunningProxy) -> None:
    client = Client(running.front_port)
    response = await client.request("/none", method="HEAD")
    assert (response.status, response.headers["content-length"]) == (503, str(len(OWN.encode())))
    assert (await client.request("/app")).body == "old", "the connection is still usable"


async def test_an_error_of_the_service_passes_unchanged(running: RunningProxy) -> None:
    running.old.status, running.old.headers = 503, (("Content-Type", "text/plain"),)
    response = await answer(running, "/app", "application/json")
    assert (response.status, response.body, response.headers["content-type"]) == (503, "old", "text/plain")
