"""Where Mainstay's own requests enter the edge of a machine, and what proves there that they are its own."""

import contextlib
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from mainstay.drivers.edge.haproxy.certificates import PEM
from mainstay.drivers.edge.haproxy.preview_key import HEADER, signed_header
from mainstay.errors import Unreachable
from mainstay.model import Edge, TrafficStatus
from mainstay.model.http import Door, HttpRequest
from mainstay.model.matching import matches_host
from mainstay.system.state_dir import Folders


class Trust(NamedTuple):
    """What the certificate of a server must be: one of `certificates` or issued by one of them, and for `name`."""

    certificates: Path
    name: str
    """Empty: every name."""


class Entrance(NamedTuple):
    """Where a request enters: a base address, by its unix socket if it has one, with further headers."""

    address: str
    socket: Path | None = None
    trust: Trust | None = None
    """None: the address is not https."""
    headers: tuple[tuple[str, str], ...] = ()


def entrance(request: HttpRequest, door: Door, status: TrafficStatus, folders: Folders) -> Entrance:
    """Return where *request* enters through *door*. A port in its Host chooses the front door with that port.

    At a front door it is signed, so that maintenance and rate limits let it pass. Raises Unreachable without an edge.
    """
    if not status.doors or status.edge is None:
        raise Unreachable("the environment has no edge, so no request can be sent", remedy="mainstay status")
    if door != "front":
        side = ((HEADER, "replaced"),) if door == "replaced" else ()
        return Entrance("http://preview", folders.preview_socket, headers=side)
    host = urlsplit(f"//{request.host}")
    address = next((each for each in status.doors if urlsplit(each).port == host.port), status.doors[0])
    trust = _trust(status.edge, host.hostname or "", folders) if address.startswith("https:") else None
    return Entrance(address, trust=trust, headers=_signed(folders))


def _trust(edge: Edge, host: str, folders: Folders) -> Trust:
    """Return what to trust: only the names of routes are certain to be in the certificate."""
    own = edge.tls is not None and edge.tls.mode == "internal"
    named = any(route.host and matches_host(route.host, host) for route in edge.routes)
    return Trust(folders.authority if own else folders.edge / PEM, host if named else "")


def _signed(folders: Folders) -> tuple[tuple[str, str], ...]:
    with contextlib.suppress(OSError):  # Without the key, the request is one like any other.
        return ((HEADER, signed_header(folders.edge, "front")),)
    return ()
