"""Requests to the doors: bounded in time and size, with a clear message when there is no response."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mainstay.drivers.machine.entrances import Entrance
from mainstay.drivers.targets.process.requests import LARGEST_BYTES, send, send_to_door
from mainstay.errors import Unreachable
from mainstay.model import Edge, TrafficStatus
from mainstay.model.http import HttpRequest
from mainstay.system.state_dir import Folders


@contextmanager
def server(serve: Callable[[socket.socket, bytes], object]) -> Iterator[str]:
    """A server on a free port that handles one connection, with the head of its request."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def accept() -> None:
            connection, _ = listening.accept()
            with closing(connection):
                serve(connection, connection.recv(65536))

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(10)


def test_a_request_has_its_host_headers_and_path_as_written() -> None:
    heads: list[bytes] = []

    def serve(connection: socket.socket, head: bytes) -> None:
        heads.append(head)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nX-A: 2\r\n\r\nok")

    with server(serve) as address:
        request = HttpRequest("POST", "/a%20b?q=%C3%A4", (("X-B", "3"),), b"body", "shop.example")
        response = send(request, Entrance(address))
    assert (response.status, response.body, response.headers[1:]) == (200, b"ok", (("x-a", "1"), ("x-a", "2")))
    assert heads[0].startswith(b"POST /a%20b?q=%C3%A4 HTTP/1.1\r\nHost: shop.example\r\n")
    assert b"\r\nX-B: 3\r\n" in heads[0]


def test_a_redirect_is_not_followed() -> None:
    reply = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    with server(lambda connection, _: connection.sendall(reply)) as address:
        assert send(HttpRequest("GET", "/"), Entrance(address)).status == 302


def test_a_body_is_read_up_to_its_limit() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n"

    def serve(connection: socket.socket, _: bytes) -> None:
        try:
            connection.sendall(head + b"x" * 3_000_000)
        except OSError:
            return

    with server(serve) as address:
        assert len(send(HttpRequest("GET", "/"), Entrance(address)).body) == LARGEST_BYTES


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 100000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n186a0\r\n", b"\r\n"],
    ids=["with a length", "chunked", "until the connection ends"],
)
def test_a_body_that_does_not_end_in_time_is_unreachable(head: bytes) -> None:
    done = threading.Event()

    def serve(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head)
        while not done.wait(0.05):
            try:
                connection.sendall(b".")
            except OSError:
                return

    with server(serve) as address:
        with pytest.raises(Unreachable, match=r"no complete response within 0.3 s"):
            send(HttpRequest("GET", "/slow", within_s=0.3), Entrance(address))
        done.set()


def test_a_response_that_never_begins_is_unreachable() -> None:
    done = threading.Event()
    with server(lambda *_: done.wait(10)) as address:
        with pytest.raises(Unreachable, match=r"no complete response within 0.3 s"):
            send(HttpRequest("GET", "/silent", within_s=0.3), Entrance(address))
        done.set()


def test_a_connection_that_is_cut_or_refused_is_unreachable() -> None:
    with server(lambda connection, _: None) as address, pytest.raises(Unreachable, match="no response: "):
        send(HttpRequest("GET", "/"), Entrance(address))
    with pytest.raises(Unreachable, match="no response: "):
        send(HttpRequest("GET", "/"), Entrance(address))


def test_the_port_in_the_host_chooses_the_door(tmp_path: Path) -> None:
    reply = b"HTTP/1.1 204 No Content\r\n\r\n"
    with server(lambda connection, _: connection.sendall(reply)) as address:
        port = address.rpartition(":")[2]
        status = TrafficStatus({}, {}, edge=Edge(), doors=("http://127.0.0.1:9", address))
        request = HttpRequest("GET", "/", host=f"web:{port}")
        assert send_to_door(request, "front", status, Folders(tmp_path, tmp_path)).status == 204
