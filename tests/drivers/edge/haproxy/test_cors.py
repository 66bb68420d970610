"""Cross-origin requests at a front door."""

import pytest

from mainstay.model import Cors, Edge, Route
from mainstay.model.limits import Limits, Rate
from tests.drivers.edge.haproxy.http_load import Client, Response, free_port
from tests.drivers.edge.haproxy.running_proxy import RunningProxy, running_proxy

SHOP, EVIL = "https://shop.example", "https://shop.example.evil"
ROUTES = (Route("/", "web"), Route("/none", "other"))
CORS = Cors(
    origins=(SHOP, "http://localhost:5173"), methods=("GET", "PUT"), headers=("X-A",), expose=("X-B",), credentials=True
)


@pytest.fixture
def edge() -> Edge:
    return Edge(http=free_port(), routes=ROUTES, cors=CORS)


async def from_origin(running: RunningProxy, origin: str, path: str = "/") -> Response:
    return await Client(running.front_port).request(path, headers={"Origin": origin})


async def preflight(running: RunningProxy, origin: str) -> Response:
    headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    return await Client(running.front_port).request("/x", method="OPTIONS", headers=headers)


def allowed(response: Response) -> dict[str, str]:
    found = [row for row in response.rows if row[0].startswith("access-control-")]
    assert len(dict(found)) == len(found), "a header is repeated"
    return {name.removeprefix("access-control-"): value for name, value in found}


@pytest.mark.requirement("E9")
@pytest.mark.parametrize("origin", CORS.origins)
@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/none", 503), ("/none/../x", 400)])
async def test_a_listed_origin_may_read_every_response(
    running: RunningProxy, origin: str, path: str, status: int
) -> None:
    response = await from_origin(running, origin, path)
    assert response.status == status
    assert allowed(response) == {"allow-origin": origin, "allow-credentials": "true", "expose-headers": "X-B"}
    assert response.all("vary") == ["Origin"]


@pytest.mark.parametrize(
    "origin", [EVIL, "http://shop.example", "https://shop.example:8443", "null", f"{SHOP}, {EVIL}"]
)
async def test_another_origin_may_not(running: RunningProxy, origin: str) -> None:
    running.old.headers = (("Access-Control-Allow-Origin", "*"),)
    response = await from_origin(running, origin)
    assert (response.status, allowed(response), response.all("vary")) == (200, {}, ["Origin"])


async def test_the_headers_of_the_service_are_replaced(running: RunningProxy) -> None:
    running.old.headers = (("Access-Control-Allow-Origin", "*"), ("Vary", "Accept, Origin"))
    response = await from_origin(running, SHOP)
    assert (response.all("access-control-allow-origin"), response.all("vary")) == ([SHOP], ["Accept, Origin"])


async def test_a_preflight_request_is_answered_without_the_service(running: RunningProxy) -> None:
    response = await preflight(running, SHOP)
    assert (response.status, response.body, running.old.requests) == (204, "", [])
    assert allowed(response) == {
        "allow-origin": SHOP,
        "allow-credentials": "true",
        "allow-methods": "GET, PUT",
        "allow-headers": "X-A",
        "expose-headers": "X-B",
        "max-age": "600",
    }
    assert "content-length" not in response.headers


async def test_a_preflight_request_of_another_origin_is_refused(running: RunningProxy) -> None:
    response = await preflight(running, EVIL)
    assert (response.status, allowed(response), running.old.requests) == (403, {}, [])


async def test_options_without_a_preflight_reach_the_service(running: RunningProxy) -> None:
    assert await running.request("/x", method="OPTIONS", headers={"Origin": SHOP}) == "200 old"


async def test_every_origin_may_be_allowed() -> None:
    async with running_proxy(Edge(http=free_port(), routes=ROUTES, cors=Cors(origins=("*",)))) as running:
        response = await from_origin(running, EVIL)
        assert (allowed(response), response.all("vary")) == ({"allow-origin": "*"}, ["Origin"])
        assert (await preflight(running, EVIL)).status == 204


async def test_a_page_can_read_that_it_sent_too_many_requests() -> None:
    limits = Limits(per_client=Rate(1, 60))
    async with running_proxy(Edge(http=free_port(), routes=ROUTES, cors=CORS, limits=limits)) as running:
        await from_origin(running, SHOP)
        response = await from_origin(running, SHOP)
        assert (response.status, response.headers["access-control-allow-origin"]) == (429, SHOP)
