"""A real browser at the https front door, with and without trust in the internal authority."""

from pathlib import Path

import pytest
from playwright.async_api import Error
from websockets.asyncio.server import ServerConnection, serve

from mainstay.model import Edge, Route
from mainstay.model.tls import Tls
from tests.drivers.edge.haproxy.browser import HOST, MISSING, browser, trust
from tests.drivers.edge.haproxy.http_load import free_port
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"no {' and no '.join(MISSING)}: apt-get install chromium libnss3-tools"),
]
PROTOCOL = "performance.getEntriesByType('navigation')[0].nextHopProtocol"
ECHO = """new Promise((resolve, reject) => {
    const socket = new WebSocket(`wss://${location.host}/socket`);
    socket.onopen = () => socket.send("ping");
    socket.onmessage = message => resolve(message.data);
    socket.onerror = () => reject(new Error("the WebSocket failed"));
})"""


@pytest.fixture
def edge() -> Edge:
    routes = (Route("/", "web", host=HOST),)
    return Edge(http=free_port(), https=free_port(), tls=Tls(hsts_s=31_536_000), routes=routes)


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


@pytest.mark.requirement("E1")
async def test_a_browser_that_trusts_the_authority_is_redirected_to_https_and_uses_http_2(
    running: RunningProxy, tmp_path: Path
) -> None:
    running.old.headers = (("Content-Type", "text/html"),)
    trust(running.folders.authority, tmp_path)
    async with browser(tmp_path) as chromium:
        page = await chromium.new_page()
        response = await page.goto(f"http://{HOST}:{running.edge.http}/a?b=1")
        assert response is not None
        assert (response.status, page.url) == (200, f"https://{HOST}:{running.edge.https}/a?b=1")
        assert await page.inner_text("body") == "old"
        assert await page.evaluate(PROTOCOL) == "h2"
        assert (await response.all_headers())["strict-transport-security"] == "max-age=31536000"
        details = await response.security_details()
        assert details is not None
        assert details["protocol"] == "TLS 1.3"


async def test_a_websocket_of_a_browser_works_over_https(running: RunningProxy, tmp_path: Path) -> None:
    trust(running.folders.authority, tmp_path)
    running.old.kill()
    async with serve(echo, "127.0.0.1", running.old.port), browser(tmp_path) as chromium:
        page = await chromium.new_page()
        await page.goto(f"https://{HOST}:{running.edge.https}/")
        assert await page.evaluate(ECHO) == "ping"


async def test_a_browser_that_does_not_trust_the_authority_shows_no_page(running: RunningProxy, tmp_path: Path) -> None:
    async with browser(tmp_path) as chromium:
        page = await chromium.new_page()
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            await page.goto(f"https://{HOST}:{running.edge.https}/")
    assert running.old.requests == []
