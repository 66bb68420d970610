"""Clients that are still sending a body when a front door refuses their request get the response."""

import asyncio
import contextlib
import http.client
import shutil
import socket
import ssl
from pathlib import Path

import pytest

from mainstay.drivers.edge.haproxy.config.refusals import LONGEST_BYTES
from mainstay.drivers.edge.haproxy.maintenance import maintenance_maps
from mainstay.model import Edge, Route
from mainstay.model.error_page import ErrorPage
from mainstay.model.limits import Limits, Rate
from mainstay.model.maintenance import Maintenance
from mainstay.model.tls import Tls
from tests.drivers.edge.haproxy.http_load import free_port, wait_until
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

LIMIT, BODY = 3_000_000, 2_000_000
MUCH = 50_000_000
PAGE = ErrorPage(413, "<p>At most 3 MB, “100 %”.</p>\n<p>A second line.</p>")
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, which speaks HTTP/2")


@pytest.fixture
def edge() -> Edge:
    limits = Limits(body_bytes=LIMIT, routes=(("/login", Rate(1, 60)),))
    routes = (Route("/", "web"), Route("/none", "none"), Route("/", "web", host="shop.example"))
    return Edge(
        http=free_port(), https=free_port(), tls=Tls(), routes=routes, limits=limits, pages=(PAGE,),
        headers=(("X-Policy", "strict"),), release_header=True,
    )  # fmt: skip


@pytest.fixture
def body(tmp_path: Path) -> Path:
    (tmp_path / "body").write_bytes(bytes(BODY))
    return tmp_path / "body"


async def curl(running: RunningProxy, path: str, body: Path, *options: str) -> str:
    """Return what curl reports of a POST over HTTP/2: its exit code, the status, and the version of HTTP."""
    process = await asyncio.create_subprocess_exec(
        "curl", "--silent", "--cacert", str(running.folders.authority), "--max-time", "20", "--output", "/dev/null",
        "--data-binary", f"@{body}", "--write-out", "%{exitcode} %{http_code} %{http_version}", *options,
        f"https://localhost:{running.edge.https}{path}", stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    return out.decode()


async def refused(running: RunningProxy, path: str, body: Path, *options: str) -> set[str]:
    """Return what curl reports of five POSTs, because a lost response is a matter of timing."""
    return {await curl(running, path, body, *options) for _ in range(5)}


async def http_1(running: RunningProxy, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], str]:
    """Return the response to a POST over HTTP/1.1 from a client that sends its whole body before it reads."""
    context = ssl.create_default_context(cafile=str(running.folders.authority))

    def send() -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPSConnection("localhost", running.edge.https, timeout=20, context=context)
        connection.request("POST", path, bytes(10 * BODY), headers)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return response.status, found, response.read().decode()

    return await asyncio.to_thread(send)


@needs_curl
@pytest.mark.requirement("E21")
async def test_a_body_above_the_limit_is_refused(running: RunningProxy, body: Path) -> None:
    body.write_bytes(bytes(LIMIT + 1))
    assert await refused(running, "/", body) == {"0 413 2"}


@needs_curl
async def test_a_request_above_the_rate_is_refused(running: RunningProxy, body: Path) -> None:
    assert await curl(running, "/login", body) == "0 200 2"
    assert await refused(running, "/login", body) == {"0 429 2"}


@needs_curl
async def test_a_request_during_maintenance_is_refused(running: RunningProxy, body: Path) -> None:
    maps = maintenance_maps(Maintenance("Back at “noon”", ()), ())
    await running.proxy.converge(running.edge, running.ports, running.slots({41: 100}), maps)
    assert await refused(running, "/", body) == {"0 503 2"}
    status, headers, page = await http_1(running, "/", {})
    assert (status, headers["retry-after"]) == (503, "5")
    assert "<p>Back at “noon”</p>" in page


@needs_curl
async def test_a_request_that_no_instance_can_handle_is_refused(running: RunningProxy, body: Path) -> None:
    assert await refused(running, "/none", body) == {"0 503 2"}


@needs_curl
async def test_a_request_with_long_headers_is_refused(running: RunningProxy, body: Path) -> None:
    assert await refused(running, "/", body, "--header", f"X-Long: {'x' * 11_000}") == {"0 431 2"}


@needs_curl
async def test_an_accepted_body_reaches_the_service(running: RunningProxy, body: Path) -> None:
    assert await curl(running, "/up", body) == "0 200 2"
    assert [one[":path"] for one in running.old.requests] == ["/up"]


async def test_the_response_has_the_page_and_the_headers_of_any_refusal(running: RunningProxy) -> None:
    status, headers, page = await http_1(running, "/", {})
    assert (status, page) == (413, PAGE.text)
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert (headers["x-policy"], headers["cache-control"]) == ("strict", "no-store")
    assert "x-request-id" in headers
    assert "x-mainstay-release" not in headers


async def test_a_client_that_wants_json_gets_a_problem_document(running: RunningProxy) -> None:
    status, headers, page = await http_1(running, "/", {"Accept": "application/json"})
    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert '"status": 413' in page


async def test_a_refusal_is_logged_as_one_of_the_front_door(running: RunningProxy) -> None:
    await http_1(running, "/", {})
    entry = (await running.wait_for_log_entries(1))[0]
    assert (entry.status, entry.service, entry.ended) == (413, "-", "LR")


@pytest.mark.threat("S32")
async def test_the_edge_does_not_read_a_body_that_is_far_too_long(running: RunningProxy) -> None:
    assert await closes(running, f"Content-Length: {LONGEST_BYTES + 1}")


@pytest.mark.threat("S32")
async def test_the_edge_does_not_read_a_body_whose_length_is_unknown(running: RunningProxy) -> None:
    assert await closes(running, "Transfer-Encoding: chunked")


async def closes(running: RunningProxy, header: str) -> bool:
    """Return whether the edge ends the connection of a client that goes on sending a body after the refusal."""
    context = ssl.create_default_context(cafile=str(running.folders.authority))

    def send() -> bool:
        with socket.create_connection(("127.0.0.1", running.edge.https or 0), timeout=10) as plain:
            secure = context.wrap_socket(plain, server_hostname="localhost")
            secure.sendall(f"POST /none HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n".encode())
            with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
                for _ in range(MUCH // 64_000):
                    secure.sendall(b"fa00\r\n%s\r\n" % bytes(64_000))
                return False
            return True

    return await asyncio.to_thread(send)


async def test_a_connection_serves_the_next_request_after_a_refusal(running: RunningProxy) -> None:
    context = ssl.create_default_context(cafile=str(running.folders.authority))
    reader, writer = await asyncio.open_connection("localhost", running.edge.https, ssl=context)
    writer.write(f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LIMIT + 1}\r\n\r\n".encode())
    writer.write(bytes(LIMIT + 1))
    writer.write(b"GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b" 413 " in await reader.readline()
    await wait_until(lambda: [one[":path"] for one in running.old.requests] == ["/next"])
    writer.close()
