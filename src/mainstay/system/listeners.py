"""Which program listens on a port, and where a process listens."""

import errno
import socket
from collections.abc import Collection, Iterable

import psutil

from mainstay.errors import BadInput, InternalPortTaken, PortTaken
from mainstay.system.ports import LOOPBACK, bind


def holder(port: int, address: str = "0.0.0.0", *, ours: Collection[int] = ()) -> str | None:
    """Return the program that listens on *port*, such as `nginx (pid 812)`.

    None when the port is free, or only processes with a pid in *ours* listen on it. Raises BadInput when this user may
    not listen there, or *address* is not one of this machine.
    """
    try:
        bind(port, address)
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


def require_free_ports(
    ports: Collection[int], address: str, *, ours: Collection[int] = (), internal: Collection[int] = ()
) -> None:
    """Raise PortTaken, naming the holder, for the first of *ports* that another program holds.

    Raises InternalPortTaken when the port is in *internal*: ports that the manifest does not name and cannot change.
    """
    for port in sorted(ports):
        name = holder(port, address, ours=ours)
        if name is not None:
            what = f"port {port} is taken by {name}"
            if port in internal:
                raise InternalPortTaken(what, remedy="stop that program")
            remedy = "stop that program, or write another port, or `http: auto`, below `edge:` in mainstay.yaml"
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


def _program(pid: int) -> str:
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.NoSuchProcess:
        return f"pid {pid}"
