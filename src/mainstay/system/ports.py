"""TCP ports of this machine: which are free, which program holds one, and where a process listens."""

import errno
import socket
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import psutil

from mainstay.errors import BadInput, InternalPortTaken, PortTaken, Unreachable
from mainstay.system.processes import LOOPBACK
from mainstay.system.state_dir import short_id

WIDTH = 10000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""psutil does not report the range from which the kernel chooses the ports of outgoing connections."""


def candidates(state: Path) -> Iterator[int]:
    """Return the ports that an environment may use: a range below the ephemeral one.

    Each environment starts elsewhere in the range, so that two of them rarely collide.
    """
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
    try:
        _bind(port, address)
    except OSError:
        return False
    return True


def holder(port: int, address: str = "0.0.0.0", *, ours: Collection[int] = ()) -> str | None:
    """Return the program that listens on *port*, such as `nginx (pid 812)`.

    None when the port is free, or only processes with a pid in *ours* listen on it. Raises BadInput when this user may
    not listen there, or *address* is not one of this machine.
    """
    try:
        _bind(port, address)
        return None
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise BadInput(
                f"cannot listen on {address}:{port}: {error.strerror}",
                remedy="name an address of this machine and a port from 1024 on, or run as root",
                code="port-refused",
            ) from error
    listening = (c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN)
    pids = {c.pid for c in listening if port in c.laddr[1:]}
    if pids and pids <= set(ours):
        return None
    others = sorted(pid for pid in pids if pid is not None and pid not in ours)
    return _program(others[0]) if others else "a program of another user"


def refuse_taken(
    ports: Collection[int], address: str, *, ours: Collection[int] = (), internal: Collection[int] = ()
) -> None:
    """Raise PortTaken, naming the holder, for the first of *ports* that another program holds.

    Raises InternalPortTaken when the port is in *internal*: the ports that no manifest names and so none can change.
    """
    for port in sorted(ports):
        name = holder(port, address, ours=ours)
        if name is not None:
            what = f"port {port} is taken by {name}"
            if port in internal:
                raise InternalPortTaken(what, remedy="stop that program")
            remedy = "stop that program, or write another port, or `http: auto`, below `edge:` in the manifest"
            raise PortTaken(what, remedy=remedy)


def listens_elsewhere(pids: Iterable[int], port: int) -> str:
    """Return the addresses where these processes listen instead of the loopback's *port*.

    Empty when they listen on that port, or do not listen at all. psutil parses all connections of the machine again
    for each process that has a socket, so the search ends at the first process that listens where it should.
    """
    found: set[str] = set()
    for pid in pids:
        found |= _listens_at(pid)
        if f"{LOOPBACK}:{port}" in found:
            return ""
    return ", ".join(sorted(found))


def _listens_at(pid: int) -> set[str]:
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:  # The process has ended, or belongs to another user.
        return set()
    ends = ((c.family, *c.laddr) for c in connections if c.status == psutil.CONN_LISTEN)
    return {f"[{host}]:{port}" if family == socket.AF_INET6 else f"{host}:{port}" for family, host, port in ends}


def _bind(port: int, address: str) -> None:
    """Listen on the port for a moment. Raises OSError when that is not possible."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((address, port))


def _program(pid: int) -> str:
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.NoSuchProcess:
        return f"pid {pid}"
