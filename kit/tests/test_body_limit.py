import asyncio
import contextlib
import select
import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.tests.driving import Reply, call, scope_of, stub_app
from kit.tests.serving import RunningServer, serving
from kit.tests.slow_bodies_app import LIMIT_SECONDS
from mainstay_kit import BodyLimit, Misconfigured, protect
from mainstay_kit.chain import Message, Receive, Scope, Send
from mainstay_kit.logs import AccessLog

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P24", "E21")]
CHUNKED = {"Transfer-Encoding": "chunked"}


async def send_body(chunks: list[bytes], headers: dict[str, str], limit: int = 10) -> Reply:
    return await call(BodyLimit(stub_app(), limit_bytes=limit), "/", "POST", headers, chunks)


async def test_a_body_declared_too_large_is_refused_before_it_arrives() -> None:
    seen: list[Scope] = []
    reply = await call(
        BodyLimit(stub_app(seen=seen), limit_bytes=10), "/", "POST", {"Content-Length": "11"}, [b"x" * 11]
    )
    assert (reply.status, reply.headers["connection"]) == (413, "close")
    assert not seen


async def test_a_chunked_body_is_counted() -> None:
    assert (await send_body([b"12345"] * 2, CHUNKED)).status == 200
    assert (await send_body([b"12345"] * 2 + [b"6"], CHUNKED)).status == 413


async def test_a_body_longer_than_its_declared_length_is_counted() -> None:
    assert (await send_body([b"x" * 11], {"Content-Length": "3"})).status == 413


async def test_a_body_of_exactly_the_limit_passes() -> None:
    assert (await send_body([b"x" * 10], {"Content-Length": "10"})).status == 200


async def test_a_http_2_body_without_a_declared_length_is_counted() -> None:
    app = BodyLimit(stub_app(), limit_bytes=10)
    assert (await call(app, "/", "POST", {}, [b"x" * 11], http_version="2")).status == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "0x1", "", "1, 1", "+1"])
async def test_a_non_numeric_content_length_is_refused(length: str) -> None:
    reply = await send_body([b"x"], {"Content-Length": length})
    assert (reply.status, reply.headers["connection"]) == (400, "close")


async def test_an_application_error_caused_by_a_refused_body_is_not_reported() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        raise RuntimeError("what frameworks raise then")

    lines: list[bytes] = []
    served = protect(app, body_limit_bytes=10, access_log=AccessLog(write=lines.append))
    reply = await call(served, "/", "POST", CHUNKED, [b"x" * 11, b"more"])
    assert reply.status == 413
    assert b'"status":413' in lines[0]


@given(chunks=st.lists(st.binary(max_size=8), min_size=1, max_size=8), limit=st.integers(1, 30))
async def test_a_body_passes_if_and_only_if_it_is_within_the_limit(chunks: list[bytes], limit: int) -> None:
    reply = await send_body(chunks, CHUNKED, limit)
    assert reply.status == (413 if sum(map(len, chunks)) > limit else 200)


def test_a_size_limit_of_zero_is_refused() -> None:
    with pytest.raises(Misconfigured):
        BodyLimit(limit_bytes=0)
    with pytest.raises(Misconfigured):
        BodyLimit(routes={"/files": 0})


async def test_a_route_can_have_its_own_limit() -> None:
    app = BodyLimit(stub_app(), limit_bytes=4, routes={"/files": 10, "/files/large/": 20})
    limits = {"/files": 10, "/files/small": 10, "/files/large/1": 20, "/files/large": 20, "/filesystem": 4}
    for path, limit in limits.items():
        statuses = [(await call(app, path, "POST", CHUNKED, [b"x" * size])).status for size in (limit, limit + 1)]
        assert statuses == [200, 413], path


async def test_a_refusal_contains_the_request_id() -> None:
    reply = await call(protect(stub_app(), body_limit_bytes=4), "/", "POST", CHUNKED, [b"12345"])
    assert reply.document["request_id"] == reply.headers["x-request-id"]


async def silent() -> Message:
    await asyncio.Event().wait()
    return {"type": "http.disconnect"}


async def test_a_body_that_does_not_arrive_is_refused_and_the_application_sees_a_disconnect() -> None:
    received: list[Message] = []
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        received.append(await receive())

    async def send(message: Message) -> None:
        sent.append(message)

    served = BodyLimit(app, limit_seconds=0.05)
    await asyncio.wait_for(served(scope_of("/", "POST", {"Content-Length": "3"}), silent, send), 5)
    assert received == [{"type": "http.disconnect"}]
    assert (sent[0]["status"], dict(sent[0]["headers"])[b"connection"]) == (408, b"close")


async def test_waiting_for_a_disconnect_after_the_body_has_no_time_limit() -> None:
    pending: list[Message] = [{"type": "http.request", "body": b"abc"}]
    disconnected = asyncio.Event()

    async def receive() -> Message:
        if pending:
            return pending.pop()
        await disconnected.wait()
        return {"type": "http.disconnect"}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        waiting = asyncio.ensure_future(receive())
        assert not (await asyncio.wait([waiting], timeout=0.2))[0]
        disconnected.set()
        assert (await waiting)["type"] == "http.disconnect"

    async def send(message: Message) -> None:
        raise AssertionError(message)

    served = BodyLimit(app, limit_seconds=0.01)
    await served(scope_of("/", "POST", {"Content-Length": "3"}), receive, send)


async def test_time_spent_by_the_application_does_not_count() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.wait([asyncio.create_task(asyncio.Event().wait())], timeout=0.2)
        await stub_app()(scope, receive, send)

    assert (await call(BodyLimit(app, limit_seconds=0.05), "/", "POST", CHUNKED, [b"1", b"2"])).status == 200


def test_a_time_limit_of_zero_is_refused() -> None:
    with pytest.raises(Misconfigured):
        BodyLimit(limit_seconds=0)
    with pytest.raises(Misconfigured):
        BodyLimit(bytes_per_second=0)


@contextlib.contextmanager
def posting(served: RunningServer, length: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
        connection.sendall(head.encode())
        yield connection


def has_response(connection: socket.socket, within: float) -> bool:
    return bool(select.select([connection], [], [], within)[0])


def read_to_the_end(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_client_sending_byte_by_byte_gets_408_and_a_closed_connection() -> None:
    with serving("kit.tests.slow_bodies_app:app") as served, posting(served, 10_000) as connection:
        pieces = 0
        while not has_response(connection, 0.02):
            connection.sendall(b"x")
            pieces += 1
            assert pieces < 500
        answer = read_to_the_end(connection)
    assert b" 408 " in answer.partition(b"\r\n")[0]
    assert b"application/problem+json" in answer
    assert pieces > 5


def test_a_steady_upload_is_never_cut_off() -> None:
    started = time.monotonic()
    with serving("kit.tests.slow_bodies_app:app") as served, posting(served, 60_000) as connection:
        for _ in range(60):
            assert not has_response(connection, 0.02)
            connection.sendall(b"x" * 1_000)
        assert has_response(connection, 10)
        assert connection.recv(65_536).partition(b"\r\n")[0] == b"HTTP/1.1 200 OK"
    assert time.monotonic() - started > 2 * LIMIT_SECONDS
