"""Free ports below the ephemeral range."""

import socket
from pathlib import Path

from mainstay.system import ports


def test_ports_are_below_the_ephemeral_range_and_start_at_another_one_in_each_environment() -> None:
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    first, second = ports.free_port(Path("/a"), ()), ports.free_port(Path("/b"), ())
    assert first != second
    assert max(first, second) < low


def test_a_taken_port_is_not_allocated() -> None:
    first = ports.free_port(Path("/a"), ())
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", first))
        holder.listen()
        assert ports.free_port(Path("/a"), ()) != first
    assert ports.free_port(Path("/a"), {first}) != first
