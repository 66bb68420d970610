"""The preview header and the client that passes it on."""

import asyncio
import logging

import httpx2
import pytest

from kit.tests.driving import call, stub_app
from kit.tests.serving import free_port
from mainstay_kit import Chain, Preview, RequestContext
from mainstay_kit.chain import Exchange, Part, Receive, Scope, Send
from mainstay_kit.client import neighbour
from mainstay_kit.preview import HEADER

pytestmark = pytest.mark.anyio
PREVIEW = f"1800000000.{'0f' * 32}"
TOKEN = "t" * 32


async def headers_of_call(url: str, headers: dict[str, str]) -> tuple[httpx2.Headers, Scope]:
    """What a neighbour at *url* gets while a request with *headers* is answered; and that request's scope."""
    calls: list[httpx2.Request] = []
    scopes: list[Scope] = []

    def note(request: httpx2.Request) -> httpx2.Response:
        calls.append(request)
        return httpx2.Response(200)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        transport = httpx2.MockTransport(note)
        async with neighbour("http://data:8000", service_token=TOKEN, transport=transport) as client:
            await client.get(url)
        scopes.append(scope)
        await stub_app()(scope, receive, send)

    await call(Chain(app, RequestContext(), Preview()), headers=headers)
    return calls[0].headers, scopes[0]


async def test_the_preview_header_is_forwarded() -> None:
    sent, _ = await headers_of_call("/items", {HEADER: PREVIEW})
    assert sent[HEADER] == PREVIEW


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(PREVIEW[:-1], id="cut"),
        pytest.param(PREVIEW.upper(), id="capitals"),
        pytest.param(f"{PREVIEW}0", id="longer"),
        pytest.param(f"{PREVIEW}, {PREVIEW}", id="a list"),
        pytest.param("42", id="unsigned"),
        pytest.param("", id="empty"),
    ],
)
async def test_a_preview_header_of_another_form_is_removed(value: str) -> None:
    sent, scope = await headers_of_call("/items", {HEADER: value})
    assert HEADER not in sent
    assert HEADER.lower().encode() not in dict(scope["headers"])


async def test_later_parts_do_not_see_a_preview_header_of_another_form() -> None:
    found: list[bytes | None] = []

    class LaterPart(Part):
        def on_request(self, exchange: Exchange) -> None:
            found.append(exchange.headers.get(HEADER.lower().encode()))

    await call(Chain(stub_app(), Preview(), LaterPart()), headers={HEADER: "42"})
    assert found == [None]


async def test_a_call_carries_the_context_of_its_request() -> None:
    sent, _ = await headers_of_call("/items", {"X-Request-ID": "order-12345678"})
    assert sent["x-request-id"] == "order-12345678"
    assert sent["traceparent"].startswith("00-")
    assert sent["x-service-token"] == TOKEN
    assert sent["x-forwarded-for"] == "203.0.113.7"


@pytest.mark.parametrize("url", ["https://evil.example.com/", "http://data:9000/", "https://data:8000/"])
async def test_calls_to_other_origins_have_no_context_headers(url: str) -> None:
    sent, _ = await headers_of_call(url, {HEADER: PREVIEW, "X-Request-ID": "order-12345678"})
    assert not {HEADER.lower(), "x-request-id", "traceparent", "x-service-token", "x-forwarded-for"} & {
        name.lower() for name in sent
    }


async def test_a_redirect_is_not_followed() -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(302, headers={"location": "https://evil.example.com"}))
    async with neighbour("http://data:8000", service_token=TOKEN, transport=transport) as client:
        assert (await client.get("/")).status_code == 302


async def test_a_call_outside_a_request_has_no_context_headers() -> None:
    calls: list[httpx2.Request] = []

    def note(request: httpx2.Request) -> httpx2.Response:
        calls.append(request)
        return httpx2.Response(200)

    transport = httpx2.MockTransport(note)
    async with neighbour("http://data:8000", transport=transport) as client:
        await client.get("/")
    assert "traceparent" not in calls[0].headers


async def test_a_call_sends_only_known_context_headers() -> None:
    calls: list[httpx2.Request] = []

    def note(request: httpx2.Request) -> httpx2.Response:
        calls.append(request)
        return httpx2.Response(200)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async with neighbour("http://data:8000", transport=httpx2.MockTransport(note)) as client:
            await client.get("/")
        await stub_app()(scope, receive, send)

    await call(Chain(app, Preview()), client=None)
    assert not {"x-request-id", "traceparent", "x-service-token", "x-forwarded-for", HEADER.lower()} & {
        name.lower() for name in calls[0].headers
    }


async def test_a_proxy_in_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with neighbour(f"http://127.0.0.1:{port}") as client:
            assert (await client.get("/")).status_code == 204


def test_the_url_of_a_call_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert not logging.getLogger("httpx2").isEnabledFor(logging.INFO)


def test_every_wait_has_a_timeout() -> None:
    timeout = neighbour("http://data:8000").timeout
    assert None not in (timeout.connect, timeout.read, timeout.write, timeout.pool)
