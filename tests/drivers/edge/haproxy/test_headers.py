"""Response headers of a front door: on every response, and never twice."""

import pytest

from mainstay.manifest.edge.headers import MOST_BYTES
from mainstay.model import Edge, Redirect, Route
from tests.drivers.edge.haproxy.http_load import Client, free_port
from tests.drivers.edge.haproxy.running_proxy import RunningProxy, running_proxy

OWN_PORT = free_port()
HEADERS = (
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", "default-src 'self'; report-to \"a\\b\"; x 100%"),
)


@pytest.fixture
def edge() -> Edge:
    routes = (Route("/app", "web"), Route("/none", "other"), Route("/", "web", listen=OWN_PORT))
    return Edge(http=free_port(), routes=routes, headers=HEADERS, redirects=(Redirect("", "/old", "/new"),))


@pytest.mark.parametrize(
    ("path", "status"), [("/app", 200), ("/none", 503), ("/no-route", 404), ("/old", 301), ("/app/../x", 400)]
)
async def test_every_response_has_the_headers(running: RunningProxy, path: str, status: int) -> None:
    response = await Client(running.front_port).request(path)
    assert response.status == status
    assert [response.all(name.lower()) for name, _ in HEADERS] == [[value] for _, value in HEADERS]


async def test_a_route_with_its_own_port_has_the_headers_and_redirects(running: RunningProxy) -> None:
    for path, status in (("/", 200), ("/old", 301), ("/../x", 400)):
        response = await Client(OWN_PORT).request(path)
        assert (response.status, response.all("x-frame-options")) == (status, ["DENY"])


@pytest.mark.requirement("E16")
async def test_a_header_of_the_service_is_replaced(running: RunningProxy) -> None:
    running.old.headers = (("x-frame-options", "SAMEORIGIN"), ("X-Frame-Options", "ALLOWALL"), ("X-Own", "kept"))
    response = await Client(running.front_port).request("/app")
    assert (response.all("x-frame-options"), response.all("x-own")) == (["DENY"], ["kept"])


async def test_the_largest_headers_fit_beside_a_full_buffer() -> None:
    headers = tuple((f"X-{number}", "x" * (MOST_BYTES // 4)) for number in range(4))
    async with running_proxy(Edge(http=free_port(), routes=(Route("/", "web"),), headers=headers)) as running:
        running.old.content, running.old.headers = b"y" * 1_000_000, (("X-Own", "z" * 6000),)
        response = await Client(running.front_port).request()
        assert (response.status, len(response.content), response.all("x-3")) == (200, 1_000_000, [headers[3][1]])
