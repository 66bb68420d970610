"""Find the program that holds a port, so that an error can name it before anything is changed."""

import errno
import socket
from collections.abc import Collection

import psutil

from mainstay.errors import BadInput, InternalPortTaken, PortTaken


def holder(port: int, address: str = "0.0.0.0", *, ours: Collection[int] = ()) -> str | None:
    """Return the program that listens on *port*, such as `nginx (pid 812)`.

    None when the port is free, or only processes with a pid in *ours* listen on it.
    """
    if _free(port, address):
        return None
    listening = (c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN)
    pids = {c.pid for c in listening if port in c.laddr[1:]}
    if pids and pids <= set(ours):
        return None
    strangers = sorted(pid for pid in pids if pid is not None and pid not in ours)
    return _named(strangers[0]) if strangers else "a program of another user"


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


def _free(port: int, address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise BadInput(
                f"cannot listen on {address}:{port}: {error.strerror}",
                remedy="name an address of this machine and a port from 1024 on, or run as root",
                code="port-refused",
            ) from error
    return True


def _named(pid: int) -> str:
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.NoSuchProcess:
        return f"pid {pid}"
