"""The sockets of this machine at which processes accept connections or datagrams, and who may connect to each."""

import ipaddress
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import psutil

from mainstay.system.ports import ephemeral_ports

Protocol = Literal["tcp", "udp", "unix"]


class OpenSocket(NamedTuple):
    """A socket that a process listens on, and the pid of a process that has it open."""

    protocol: Protocol
    place: str
    """The IP address; for a unix socket its path, or `@NAME` for one without a file."""
    port: int
    """The port number; 0 for a unix socket."""
    pid: int | None
    """The pid of the process; None: it belongs to another user, and this user may not read its pid."""


def open_sockets() -> Iterator[OpenSocket]:
    """Yield each open socket of this machine, once for each process that has it open.

    UDP sockets at the ports that the kernel gives to clients are left out: they are mostly of DNS queries.
    """
    clients = ephemeral_ports()
    for each in psutil.net_connections("all"):
        end: Any = each.laddr  # The types of psutil do not know that it is a path for a unix socket.
        if each.family == socket.AF_UNIX:
            if end:
                yield OpenSocket("unix", end, 0, each.pid)
            continue
        address, port = end
        if each.status == psutil.CONN_LISTEN:
            yield OpenSocket("tcp", address, port, each.pid)
        elif each.type == socket.SOCK_DGRAM and not each.raddr and port not in clients:
            yield OpenSocket("udp", address, port, each.pid)


def is_loopback(address: str) -> bool:
    """Return whether only processes of this machine reach the IP *address*."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback


def other_users_may_connect(path: str) -> bool:
    """Return whether users other than its owner may connect to the unix socket at *path*.

    They need write permission for the socket and search permission for each folder above it. A socket without a file
    (`@NAME`) has no permissions.
    """
    if path.startswith("@"):
        return True
    file = Path(path)
    try:
        modes = [stat.S_IMODE(each.stat().st_mode) for each in (file, *file.parents)]
    except FileNotFoundError:
        return False
    socket_mode, *folder_modes = modes
    return any(
        socket_mode & write and all(mode & search for mode in folder_modes)
        for write, search in ((stat.S_IWGRP, stat.S_IXGRP), (stat.S_IWOTH, stat.S_IXOTH))
    )
