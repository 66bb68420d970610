import asyncio
import contextlib
import select
import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.tests.driving import Reply, answering, ask, scope_of
from kit.tests.serving import Served, serving
from kit.tests.slow_bodies_app import LIMIT_SECONDS
from mainstay_kit import BodyLimit, Misconfigured, protect
from mainstay_kit.chain import Message, Receive, Scope, Send
from mainstay_kit.logs import AccessLog

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P24", "E21")]
CHUNKED = {"Transfer-Encoding": "chunked"}


async def send_body(chunks: list[bytes], headers: dict[str, str], limit: int = 10) -> Reply:
    return await ask(BodyLimit(answering(), limit_bytes=limit), "/", "POST", headers, chunks)


async def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes() -> None:
    seen: list[Scope] = []
    reply = await ask(
        BodyLimit(answering(seen=seen), limit_bytes=10), "/", "POST", {"Content-Length": "11"}, [b"x" * 11]
    )
    assert (reply.status, reply.headers["connection"]) == (413, "close")
    assert not seen


async def test_a_chunked_body_is_counted() -> None:
    assert (await send_body([b"12345"] * 2, CHUNKED)).status == 200
    assert (await send_body([b"12345"] * 2 + [b"6"], CHUNKED)).status == 413


async def test_a_body_that_is_longer_than_it_says_is_counted() -> None:
    assert (await send_body([b"x" * 11], {"Content-Length": "3"})).status == 413


async def test_a_body_that_is_just_as_long_as_may_be_passes() -> None:
    assert (await send_body([b"x" * 10], {"Content-Length": "10"})).status == 200


async def test_a_body_of_http_2_says_nothing_beforehand_and_is_counted() -> None:
    app = BodyLimit(answering(), limit_bytes=10)
    assert (await ask(app, "/", "POST", {}, [b"x" * 11], http_version="2")).status == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "0x1", "", "1, 1", "+1"])
async def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    reply = await send_body([b"x"], {"Content-Length": length})
    assert (reply.status, reply.headers["connection"]) == (400, "close")


async def test_an_application_that_fails_over_it_is_no_error_of_ours() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        raise RuntimeError("what frameworks raise then")

    lines: list[bytes] = []
    served = protect(app, body_limit_bytes=10, access_log=AccessLog(write=lines.append))
    reply = await ask(served, "/", "POST", CHUNKED, [b"x" * 11, b"more"])
    assert reply.status == 413
    assert b'"status":413' in lines[0]


@given(chunks=st.lists(st.binary(max_size=8), min_size=1, max_size=8), limit=st.integers(1, 30))
async def test_a_body_passes_if_and_only_if_it_is_within_the_limit(chunks: list[bytes], limit: int) -> None:
    reply = await send_body(chunks, CHUNKED, limit)
    assert reply.status == (413 if sum(map(len, chunks)) > limit else 200)


def test_no_limit_is_no_limit() -> None:
    with pytest.raises(Misconfigured):
        BodyLimit(limit_bytes=0)
    with pytest.raises(Misconfigured):
        BodyLimit(routes={"/files": 0})


async def test_a_route_may_have_a_limit_of_its_own() -> None:
    app = BodyLimit(answering(), limit_bytes=4, routes={"/files": 10, "/files/large/": 20})
    limits = {"/files": 10, "/files/small": 10, "/files/large/1": 20, "/files/large": 20, "/filesystem": 4}
    for path, limit in limits.items():
        statuses = [(await ask(app, path, "POST", CHUNKED, [b"x" * size])).status for size in (limit, limit + 1)]
        assert statuses == [200, 413], path


async def test_a_refusal_names_its_request() -> None:
    reply = await ask(protect(answering(), body_limit_bytes=4), "/", "POST", CHUNKED, [b"12345"])
    assert reply.document["request_id"] == reply.headers["x-request-id"]


async def silent() -> Message:
    await asyncio.Event().wait()
    return {"type": "http.disconnect"}


async def test_a_body_that_does_not_arrive_is_cut_and_the_application_sees_its_client_leave() -> None:
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


async def test_after_the_whole_body_the_client_may_be_waited_for_without_a_limit() -> None:
    coming: list[Message] = [{"type": "http.request", "body": b"abc"}]
    left = asyncio.Event()

    async def receive() -> Message:
        if coming:
            return coming.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        waiting = asyncio.ensure_future(receive())
        assert not (await asyncio.wait([waiting], timeout=0.2))[0]
        left.set()
        assert (await waiting)["type"] == "http.disconnect"

    async def send(message: Message) -> None:
        raise AssertionError(message)

    served = BodyLimit(app, limit_seconds=0.01)
    await served(scope_of("/", "POST", {"Content-Length": "3"}), receive, send)


async def test_the_time_that_the_application_takes_is_not_the_clients() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.wait([asyncio.create_task(asyncio.Event().wait())], timeout=0.2)
        await answering()(scope, receive, send)

    assert (await ask(BodyLimit(app, limit_seconds=0.05), "/", "POST", CHUNKED, [b"1", b"2"])).status == 200


def test_no_limit_in_time_is_refused() -> None:
    with pytest.raises(Misconfigured):
        BodyLimit(limit_seconds=0)
    with pytest.raises(Misconfigured):
        BodyLimit(bytes_per_second=0)


@contextlib.contextmanager
def posting(served: Served, length: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
        connection.sendall(head.encode())
        yield connection


def answered(connection: socket.socket, within: float) -> bool:
    return bool(select.select([connection], [], [], within)[0])


def read_to_the_end(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_client_that_sends_byte_by_byte_is_cut_and_the_connection_closed() -> None:
    with serving("kit.tests.slow_bodies_app:app") as served, posting(served, 10_000) as connection:
        pieces = 0
        while not answered(connection, 0.02):
            connection.sendall(b"x")
            pieces += 1
            assert pieces < 500
        answer = read_to_the_end(connection)
    assert b" 408 " in answer.partition(b"\r\n")[0]
    assert b"application/problem+json" in answer
    assert pieces > 5


def test_an_upload_that_progresses_is_not_cut_however_long_it_takes() -> None:
    began = time.monotonic()
    with serving("kit.tests.slow_bodies_app:app") as served, posting(served, 60_000) as connection:
        for _ in range(60):
            assert not answered(connection, 0.02)
            connection.sendall(b"x" * 1_000)
        assert answered(connection, 10)
        assert connection.recv(65_536).partition(b"\r\n")[0] == b"HTTP/1.1 200 OK"
    assert time.monotonic() - began > 2 * LIMIT_SECONDS
