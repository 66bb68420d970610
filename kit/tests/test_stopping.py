import asyncio
import importlib.util
import signal
import socket
import time

import httpx2
import pytest

from kit.tests.driving import Reply, answering, ask, scope_of
from kit.tests.serving import Served, serving
from mainstay_kit import Chain, GracefulStop, protect
from mainstay_kit.chain import Message, Receive, Scope, Send

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P27")]
APP = "kit.tests.stopping_app:app"
WEBSOCKETS = any(importlib.util.find_spec(name) for name in ("websockets", "wsproto"))


class Line:
    """One connection in the hands of the test: what comes in is given, what goes out is kept."""

    def __init__(self) -> None:
        self.coming: asyncio.Queue[Message] = asyncio.Queue()
        self.reply = Reply()

    async def receive(self) -> Message:
        return await self.coming.get()

    async def send(self, message: Message) -> None:
        self.reply.messages.append(message)


async def start(app: Chain, line: Line, **more: object) -> "asyncio.Task[None]":
    task = asyncio.create_task(app(scope_of(**more), line.receive, line.send))  # type: ignore[arg-type]
    for _ in range(3):
        await asyncio.sleep(0)
    return task


async def test_a_stop_waits_for_what_is_at_work() -> None:
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await go.wait()
        await answering()(scope, answered_body, send)

    stop, line = GracefulStop(), Line()
    task = await start(Chain(app, stop), line)
    stopping = asyncio.create_task(stop.stop())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not stopping.done()
    go.set()
    await stopping
    await task
    assert line.reply.status == 200
    assert line.reply.headers["connection"] == "close"


async def test_what_is_still_at_work_when_the_time_is_over_is_cancelled() -> None:
    cancelled = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    stop, line = GracefulStop(drain=0.02), Line()
    task = await start(Chain(app, stop), line)
    await stop.stop()
    assert cancelled.is_set()
    assert task.done()
    assert not task.cancelled()
    assert (line.reply.status, line.reply.headers["retry-after"]) == (503, "1")


async def test_an_event_stream_ends_as_a_whole_answer() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await asyncio.Event().wait()

    stop, line = GracefulStop(farewell=0.01), Line()
    task = await start(Chain(app, stop), line)
    await stop.stop()
    assert line.reply.messages[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert task.done()
    assert not task.cancelled()


async def test_a_stream_that_listens_for_its_client_sees_it_leave() -> None:
    heard: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        heard.append((await receive())["type"])

    stop = GracefulStop(drain=60, farewell=60)
    task = await start(Chain(app, stop), Line())
    await asyncio.wait_for(stop.stop(), 5)
    assert heard == ["http.disconnect"]
    assert task.done()


async def test_a_websocket_is_closed_as_going_away() -> None:
    heard: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        heard.append(await receive())

    stop, line = GracefulStop(drain=60, farewell=60), Line()
    line.coming.put_nowait({"type": "websocket.connect"})
    task = await start(Chain(app, stop), line, type="websocket")
    await asyncio.wait_for(stop.stop(), 5)
    await task
    assert (line.reply.messages[-1]["type"], line.reply.messages[-1]["code"]) == ("websocket.close", 1001)
    assert (heard[0]["type"], heard[0]["code"]) == ("websocket.disconnect", 1001)


async def test_what_a_server_cancels_is_cancelled() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    task = await start(Chain(app, GracefulStop()), Line())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nothing_at_work_is_nothing_to_wait_for() -> None:
    app = protect(answering(), stop=(stop := GracefulStop()))
    await ask(app)
    began = time.monotonic()
    await asyncio.wait_for(stop.stop(), 1)
    assert time.monotonic() - began < 0.5


def exit_of(served: Served, within: float) -> int:
    served.process.send_signal(signal.SIGTERM)
    return served.process.wait(within)


def test_a_real_server_finishes_a_request_and_exits() -> None:
    with serving(APP) as served, socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(b"GET /slow?seconds=0.6 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)  # the request has to reach the other process
        began = time.monotonic()
        assert exit_of(served, 10) in {0, -signal.SIGTERM}
        assert 0.2 < time.monotonic() - began < 5
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"done")


def test_a_real_server_does_not_wait_longer_than_the_drain() -> None:
    with serving(APP, DRAIN="0.5") as served, socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)  # the request has to reach the other process
        assert exit_of(served, 8) in {0, -signal.SIGTERM}


def test_a_real_event_stream_ends_whole() -> None:
    with serving(APP) as served, socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        begun = client.recv(65536)
        while b"data: hello" not in begun:
            begun += client.recv(65536)
        exit_of(served, 10)
        assert read_all(client).endswith(b"0\r\n\r\n")


def test_a_stopping_server_is_not_ready_and_still_answers() -> None:
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
        assert exit_of(served, 5) in {0, -signal.SIGTERM}


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
    whole = b""
    while chunk := client.recv(65536):
        whole += chunk
    return whole


async def answered_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
