"""Which program listens on a port."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from mainstay.system.listeners import holder, listens_elsewhere

ALSO_LISTENS = """
import socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen()
print("listening", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def port() -> Iterator[int]:
    """A port on which this process listens."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_free_port_has_no_holder() -> None:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        free = trial.getsockname()[1]
    assert holder(free) is None


def test_the_program_that_listens_is_named(port: int) -> None:
    assert holder(port) == f"{psutil.Process().name()} (pid {os.getpid()})"
    assert holder(port, ours=(1,)) == holder(port)


def test_a_process_of_ours_is_no_other_holder_and_is_found_without_reading_every_connection(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(psutil, "net_connections")
    assert holder(port, ours=(os.getpid(), 999_999_999)) is None


def test_a_program_that_shares_the_port_with_a_process_of_ours_is_named(port: int) -> None:
    command = (sys.executable, "-c", ALSO_LISTENS, str(port))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert str(holder(port, ours=(os.getpid(),))).endswith(f"(pid {other.pid})")
        other.communicate()


def test_a_process_that_listens_where_it_should_listens_nowhere_else(port: int) -> None:
    assert listens_elsewhere((os.getpid(),), port) == ""
    assert listens_elsewhere((999_999_999,), port) == ""


def test_the_addresses_of_a_process_that_listens_elsewhere_are_reported(port: int) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as also:
        found = listens_elsewhere((os.getpid(),), 1).split(", ")
        assert {f"127.0.0.1:{port}", f"[::1]:{also.getsockname()[1]}"} <= set(found)
