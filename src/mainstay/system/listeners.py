"""Which program listens on a port, and where a process listens."""

import contextlib
import errno
import os
import socket
from collections.abc import Collection, Iterable
from itertools import takewhile
from pathlib import Path

import psutil

from mainstay.errors import BadInput, InternalPortTaken, PortTaken
from mainstay.system.ports import LOOPBACK, bind

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTEN = "0A"
"""The state of a listening socket in these tables."""


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
    if ours and _listening(port) <= _sockets_of(ours):
        return None
    listening = (c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN)
    pids = {c.pid for c in listening if port in c.laddr[1:]}
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


def _listening(port: int) -> set[str]:
    """Return the sockets that listen on *port*, as the links of `/proc/PID/fd` name them.

    The kernel lists them before all other sockets, so this reads no further. psutil would parse every connection of
    the machine: behind a busy front door that takes a second, in which the supervisor would do nothing else.
    """
    found = set()
    for table in filter(Path.exists, _TABLES):
        with table.open() as rows:
            next(rows)
            for words in takewhile(lambda words: words[3] == _LISTEN, map(str.split, rows)):
                if int(words[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{words[9]}]")
    return found


def _sockets_of(pids: Iterable[int]) -> set[str]:
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):  # The process has ended.
            for descriptor in os.scandir(f"/proc/{pid}/fd"):
                with contextlib.suppress(FileNotFoundError):  # The process has closed it.
                    found.add(os.readlink(descriptor.path))
    return found


def _program(pid: int) -> str:
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.NoSuchProcess:
        return f"pid {pid}"
