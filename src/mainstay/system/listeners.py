"""Find which program listens on a port, and where a process listens."""

import contextlib
import errno
import ipaddress
import os
import sys
from collections.abc import Collection, Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import psutil

from mainstay.errors import BadInput, InternalPortTaken, PortTaken
from mainstay.system.ports import LOOPBACK, bind, in_address, is_free

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTEN = "0A"
"""The state of a listening socket in these tables."""


class _Socket(NamedTuple):
    link: str
    """The target of its links in `/proc/PID/fd`, such as `socket:[48213]`."""
    host: str
    port: int

    @property
    def address(self) -> str:
        return f"{in_address(self.host)}:{self.port}"


def holder(port: int, address: str = "0.0.0.0", *, ours: Collection[int] = ()) -> str | None:
    """Return the program that listens on *port*, such as `nginx (pid 812)`.

    None when the port is free, or only processes with a pid in *ours* listen on it. Raises BadInput when this user may
    not listen there, or *address* is not an address of this machine.
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
    if ours and {each.link for each in _listening() if each.port == port} <= _sockets_of(ours):
        return None
    listening = (c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN)
    pids = {c.pid for c in listening if port in c.laddr[1:]}  # `laddr` is (host, port).
    if not pids and is_free(port, address):
        return None  # The program ended between the two looks.
    others = sorted(pid for pid in pids if pid is not None and pid not in ours)
    return _program(others[0]) if others else "a program of another user"


def require_free_ports(
    ports: Collection[int], address: str, *, ours: Collection[int] = (), internal: Collection[int] = ()
) -> None:
    """Raise PortTaken, naming the holder, for the first of *ports* that another program holds.

    Processes with a pid in *ours* may hold them. Raises InternalPortTaken when the port is in *internal*: ports that
    the manifest does not name and cannot change.
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
    """Return the addresses on which the processes *pids* listen, if none of them is *port* of the loopback address.

    Empty if one of them is, and if the processes do not listen at all.
    """
    ours = _sockets_of(pids)
    found = {each.address for each in _listening() if each.link in ours}
    return "" if f"{LOOPBACK}:{port}" in found else ", ".join(sorted(found))


def _listening() -> Iterator[_Socket]:
    """Yield the listening sockets of the machine.

    The kernel lists them before all other sockets, so this reads no further. psutil would parse every connection:
    behind a busy front door that takes a second, in which the supervisor would do nothing else.
    """
    for table in filter(Path.exists, _TABLES):
        with table.open() as rows:
            next(rows)
            for words in takewhile(lambda words: words[3] == _LISTEN, map(str.split, rows)):
                host, _, port = words[1].partition(":")
                yield _Socket(f"socket:[{words[9]}]", _address(host), int(port, 16))


def _address(text: str) -> str:
    """Return the IP address that a table shows as words of 32 bits in the byte order of this machine."""
    words = bytes.fromhex(text)
    octets = b"".join(int.from_bytes(words[at : at + 4]).to_bytes(4, sys.byteorder) for at in range(0, len(words), 4))
    return str(ipaddress.ip_address(octets))


def _sockets_of(pids: Iterable[int]) -> set[str]:
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):  # The process has ended, or belongs to another user.
            for descriptor in os.scandir(f"/proc/{pid}/fd"):
                with contextlib.suppress(FileNotFoundError):  # The process has closed it.
                    found.add(os.readlink(descriptor.path))
    return found


def _program(pid: int) -> str:
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.NoSuchProcess:
        return f"pid {pid}"
