"""A probe reads the whole response before it closes, and reports the request and the response."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from mainstay.drivers.machine.instances.probes import Probe, probe_readiness
from mainstay.model import Health
from mainstay.system.process_runner import Launch

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HTTP = Health("http", ready="/ready")
NO_LAUNCH = Launch(("true",), "/", "", "")


def probe_server(handler: Handler, health: Health = HTTP, limit_s: float = 5.0) -> tuple[Probe, int]:
    """The probe of a server that responds as *handler* does, and the server's port."""

    async def run() -> tuple[Probe, int]:
        served = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handler(reader, writer)
            finally:
                writer.close()
                served.set()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port: int = server.sockets[0].getsockname()[1]
            found = await probe_readiness(health, port, NO_LAUNCH, limit_s)
            await asyncio.wait_for(served.wait(), 10)
        return found, port

    return asyncio.run(run())


def responds(text: bytes) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text)
        await writer.drain()

    return handle


def stays_open(text: bytes, until_closed: list[bytes]) -> Handler:
    """Respond and keep the connection open, as a server does that ignores `Connection: close`."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await responds(text)(reader, writer)
        until_closed.append(await asyncio.wait_for(reader.read(), 0.9))

    return handle


@pytest.mark.requirement("F9")
def test_the_whole_response_is_read_before_the_connection_is_closed() -> None:
    sent: list[int] = []

    async def in_parts(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in (b"HTTP/1.0 200 OK\r\n", b"Server: slow\r\n\r\n", b"x" * 100_000):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.02)  # The pause of a server between its writes, in which a probe must not close.
            sent.append(0 if reader.at_eof() else len(part))

    probe, _ = probe_server(in_parts)
    assert probe.good
    assert sent[:2] == [17, 16]


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nready\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
    ids=["with a length", "in chunks", "without a body"],
)
def test_a_probe_does_not_wait_for_a_server_that_keeps_the_connection_open(response: bytes) -> None:
    closed: list[bytes] = []
    assert probe_server(stays_open(response, closed))[0].good
    assert closed == [b""]


@pytest.mark.parametrize(
    ("response", "result", "what"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", "good", "200"),
        (b"HTTP/1.1 302 Found\r\n\r\n", "good", "302"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "bad", "404"),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "bad", "503"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "bad", "no HTTP response"),
        (b"", "bad", "no HTTP response"),
    ],
)
def test_request_and_response_are_reported(response: bytes, result: str, what: str) -> None:
    probe, port = probe_server(responds(response))
    assert (probe.result, probe.exchange) == (result, f"GET http://127.0.0.1:{port}/ready → {what}")


def test_a_server_that_does_not_respond_is_silent() -> None:
    async def waits(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    probe, port = probe_server(waits, limit_s=0.2)
    assert probe == Probe("silent", f"GET http://127.0.0.1:{port}/ready → no response within 0.2 s")


@pytest.mark.parametrize(
    ("health", "exchange"),
    [
        (HTTP, "GET http://127.0.0.1:{port}/ready → connection refused"),
        (Health("tcp"), "connection to 127.0.0.1:{port} → connection refused"),
        (Health("command", command=("sh", "-c", "exit 3")), "command sh -c 'exit 3' → exit code 3"),
        (Health("command", command=("no-such",)), "command no-such → No such file or directory"),
        (Health("file", file="missing"), "file missing → No such file or directory"),
    ],
    ids=lambda value: value.kind if isinstance(value, Health) else "",
)
def test_every_kind_of_probe_reports_what_it_did(health: Health, exchange: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        probe = asyncio.run(probe_readiness(health, port, NO_LAUNCH, 5.0))
    assert probe.exchange == exchange.format(port=port)
