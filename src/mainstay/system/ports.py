"""Find free TCP ports of this machine. This module imports nothing slow, since every command imports it."""

import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

from mainstay.errors import Unreachable
from mainstay.system.state_dir import short_id

LOOPBACK = "127.0.0.1"
"""The loopback address, reachable only from this machine."""
WIDTH = 10000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""The file with the range of ports that `ephemeral_ports` returns; psutil does not report it."""


def in_address(host: str) -> str:
    """Return *host* as it is written before `:PORT`: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def ephemeral_ports() -> range:
    """Return the range from which the kernel chooses the client's port of a connection."""
    low, high = (int(word) for word in _EPHEMERAL.read_text().split())
    return range(low, high + 1)


def candidates(state: Path) -> Iterator[int]:
    """Yield the ports that the environment with the folder *state* may use, outside `ephemeral_ports` if possible.

    Each environment begins with another port, so that two environments rarely choose the same one.
    """
    clients = ephemeral_ports()
    low = clients.start
    first, last = (max(1024, low - WIDTH), low) if low > 2048 else (clients.stop, 65536)
    if last - first < 100:
        first, last = 1024, 65536
    size = last - first
    start = int(short_id(state)[:8], 16) % size
    return (first + (start + step) % size for step in range(size))


def free_port(state: Path, taken: Iterable[int]) -> int:
    """Return the environment's next free port that is not in *taken*. Raises Unreachable when there is none."""
    held = set(taken)
    for port in candidates(state):
        if port not in held and is_free(port):
            return port
    raise Unreachable("no port is free below the ephemeral range", remedy="ss -ltnp")


def is_free(port: int, address: str = LOOPBACK) -> bool:
    """Return whether a process could listen on *port* of *address* now."""
    try:
        bind(port, address)
    except OSError:
        return False
    return True


def bind(port: int, address: str) -> None:
    """Bind a socket to *port* of *address* and close it. Raises OSError when no process can listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((address, port))
