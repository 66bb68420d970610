import asyncio
import importlib.util
import signal
import socket
import time

import httpx2
import pytest

from kit.tests.driving import Reply, call, scope_of, stub_app
from kit.tests.serving import RunningServer, serving
from mainstay_kit import Chain, GracefulStop, protect
from mainstay_kit.chain import Message, Receive, Scope, Send

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P27")]
APP = "kit.tests.stopping_app:app"
WEBSOCKETS = any(importlib.util.find_spec(name) for name in ("websockets", "wsproto"))


class Connection:
    """One connection in the hands of the test: what comes in is given, what goes out is kept."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.reply = Reply()

    async def receive(self) -> Message:
        return await self.incoming.get()

    async def send(self, message: Message) -> None:
        self.reply.messages.append(message)


async def start(app: Chain, connection: Connection, **scope: object) -> "asyncio.Task[None]":
    task = asyncio.create_task(app(scope_of(**scope), connection.receive, connection.send))  # type: ignore[arg-type]
    for _ in range(3):
        await asyncio.sleep(0)
    return task


async def test_a_stop_waits_for_running_requests() -> None:
    finish = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await finish.wait()
        await stub_app()(scope, empty_body, send)

    stop, connection = GracefulStop(), Connection()
    task = await start(Chain(app, stop), connection)
    stopping = asyncio.create_task(stop.stop())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not stopping.done()
    finish.set()
    await stopping
    await task
    assert connection.reply.status == 200
    assert connection.reply.headers["connection"] == "close"


async def test_requests_still_running_after_the_drain_timeout_are_cancelled() -> None:
    cancelled = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    stop, connection = GracefulStop(drain_timeout=0.02), Connection()
    task = await start(Chain(app, stop), connection)
    await stop.stop()
    assert cancelled.is_set()
    assert task.done()
    assert not task.cancelled()
    assert (connection.reply.status, connection.reply.headers["retry-after"]) == (503, "1")


async def test_an_event_stream_ends_as_a_complete_response() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await asyncio.Event().wait()

    stop, connection = GracefulStop(stream_timeout=0.01), Connection()
    task = await start(Chain(app, stop), connection)
    await stop.stop()
    assert connection.reply.messages[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert task.done()
    assert not task.cancelled()


async def test_an_event_stream_waiting_for_a_disconnect_receives_it() -> None:
    received: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        received.append((await receive())["type"])

    stop = GracefulStop(drain_timeout=60, stream_timeout=60)
    task = await start(Chain(app, stop), Connection())
    await asyncio.wait_for(stop.stop(), 5)
    assert received == ["http.disconnect"]
    assert task.done()


async def test_a_websocket_is_closed_with_1001() -> None:
    received: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        received.append(await receive())

    stop, connection = GracefulStop(drain_timeout=60, stream_timeout=60), Connection()
    connection.incoming.put_nowait({"type": "websocket.connect"})
    task = await start(Chain(app, stop), connection, type="websocket")
    await asyncio.wait_for(stop.stop(), 5)
    await task
    assert (connection.reply.messages[-1]["type"], connection.reply.messages[-1]["code"]) == ("websocket.close", 1001)
    assert (received[0]["type"], received[0]["code"]) == ("websocket.disconnect", 1001)


async def test_a_cancellation_by_the_server_is_propagated() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    task = await start(Chain(app, GracefulStop()), Connection())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_stop_without_running_requests_returns_at_once() -> None:
    app = protect(stub_app(), stop=(stop := GracefulStop()))
    await call(app)
    started = time.monotonic()
    await asyncio.wait_for(stop.stop(), 1)
    assert time.monotonic() - started < 0.5


def stop_and_wait(served: RunningServer, timeout: float) -> int:
    served.process.send_signal(signal.SIGTERM)
    return served.process.wait(timeout)


def test_a_real_server_finishes_a_request_and_exits() -> None:
    with serving(APP) as served, socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(b"GET /slow?seconds=0.6 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)  # the request has to reach the other process
        started = time.monotonic()
        assert stop_and_wait(served, 10) in {0, -signal.SIGTERM}
        assert 0.2 < time.monotonic() - started < 5
        response = read_all(client)
    assert response.startswith(b"HTTP/1.1 200")
    assert response.endswith(b"done")


def test_a_real_server_waits_at_most_the_drain_timeout() -> None:
    with serving(APP, DRAIN="0.5") as served, socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)  # the request has to reach the other process
        assert stop_and_wait(served, 8) in {0, -signal.SIGTERM}


def test_a_real_event_stream_ends_as_a_complete_response() -> None:
    with serving(APP) as served, socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        received = client.recv(65536)
        while b"data: hello" not in received:
            received += client.recv(65536)
        stop_and_wait(served, 10)
        assert read_all(client).endswith(b"0\r\n\r\n")


def test_a_stopping_server_is_unready_but_still_responds() -> None:
    with serving(APP, NOTICE="1") as served, httpx2.Client(base_url=served.url) as client:
        assert client.get("/ready").status_code == 200
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)  # the signal has to reach the other process
        assert client.get("/ready").status_code == 503
        assert client.get("/slow?seconds=0").status_code == 200
        served.process.wait(10)


def test_a_second_signal_ends_it_at_once() -> None:
    options = ("--timeout-graceful-shutdown", "1")
    with serving(APP, *options) as served, socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)  # the request has to reach the other process
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        assert stop_and_wait(served, 5) in {0, -signal.SIGTERM}


@pytest.mark.skipif(not WEBSOCKETS, reason="uvicorn serves WebSockets only with websockets or wsproto installed")
def test_a_real_websocket_is_closed_with_1001() -> None:
    with serving(APP) as served, socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(
            b"GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert b"101" in client.recv(65536)
        served.process.send_signal(signal.SIGTERM)
        frame = client.recv(65536)
        client.sendall(b"\x88\x82\x00\x00\x00\x00\x03\xe9")
        assert frame[:1] == b"\x88"
        assert int.from_bytes(frame[2:4]) == 1001
        served.process.wait(10)


def read_all(client: socket.socket) -> bytes:
    client.settimeout(5)
    received = b""
    while chunk := client.recv(65536):
        received += chunk
    return received


async def empty_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
