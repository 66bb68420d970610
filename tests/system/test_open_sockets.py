"""Sockets that accept connections or datagrams, and who may connect to them."""

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.system.open_sockets import OpenSocket, is_loopback, open_sockets, other_users_may_connect
from mainstay.system.ports import ephemeral_ports


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user can pass."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def mine() -> set[OpenSocket]:
    return {each for each in open_sockets() if each.pid == os.getpid()}


def test_sockets_that_listen_are_found_and_connections_are_not(public: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(public / "a.sock"))
        port = server.getsockname()[1]
        with socket.create_connection(server.getsockname()) as connection:
            found = mine()
            assert OpenSocket("tcp", "127.0.0.1", port, os.getpid()) in found
            assert OpenSocket("unix", str(public / "a.sock"), 0, os.getpid()) in found
            assert connection.getsockname()[1] not in {each.port for each in found}


def test_an_address_of_ipv6_has_no_brackets() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        assert OpenSocket("tcp", "::1", server.getsockname()[1], os.getpid()) in mine()


def test_a_datagram_socket_is_found_unless_the_kernel_chose_its_port() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as server, socket.socket(type=socket.SOCK_DGRAM) as client:
        port = bind_to_free(server, ephemeral_ports().start - 1)
        client.bind(("127.0.0.1", 0))
        assert [each for each in mine() if each.protocol == "udp"] == [OpenSocket("udp", "0.0.0.0", port, os.getpid())]


def bind_to_free(server: socket.socket, port: int) -> int:
    """Bind *server* to the first free port downwards from *port*."""
    try:
        server.bind(("0.0.0.0", port))
    except OSError:
        return bind_to_free(server, port - 1)
    return port


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.9.1", "::1", "::ffff:127.0.0.1"])
def test_only_this_machine_reaches_a_loopback_address(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0"])
def test_other_machines_may_reach_any_other_address(address: str) -> None:
    assert not is_loopback(address)


@pytest.mark.parametrize(
    ("of_socket", "of_folder", "may"),
    [(0o600, 0o755, False), (0o666, 0o755, True), (0o666, 0o700, False), (0o660, 0o710, True), (0o660, 0o701, False)],
)
def test_other_users_need_permission_for_a_socket_and_its_folders(
    public: Path, of_socket: int, of_folder: int, *, may: bool
) -> None:
    path = public / "a.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        path.chmod(of_socket)
        public.chmod(of_folder)
        assert other_users_may_connect(str(path)) == may
        public.chmod(0o755)


def test_every_user_may_connect_to_a_socket_without_a_file_and_none_to_a_removed_one(public: Path) -> None:
    assert other_users_may_connect("@a")
    assert not other_users_may_connect(str(public / "gone.sock"))
