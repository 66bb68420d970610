"""The ports of one environment: from a range below the ephemeral one, tested by bind, kept in `desired.json`."""

import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

from mainstay.errors import Unreachable
from mainstay.model import Edge
from mainstay.system.processes import LOOPBACK
from mainstay.system.state_dir import short_id

WIDTH = 10000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def candidates(state: Path) -> Iterator[int]:
    """Return the ports that an environment may use. Each environment starts elsewhere, so that two rarely collide."""
    low, high = (int(word) for word in _EPHEMERAL.read_text().split())
    first, last = (max(1024, low - WIDTH), low) if low > 2048 else (high + 1, 65536)
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
    """Return whether a process could listen on this port now."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
        except OSError:
            return False
    return True


def address(port: int | None) -> dict[str, str]:
    """Return the values of the placeholders `{host}` and `{port}`; none for an instance without a port."""
    return {} if port is None else {"host": LOOPBACK, "port": str(port)}


def doors(edge: Edge | None) -> frozenset[int]:
    """Return the ports of the front doors that the manifest names."""
    return frozenset({edge.http, *(route.listen for route in edge.routes)} - {0}) if edge else frozenset()
