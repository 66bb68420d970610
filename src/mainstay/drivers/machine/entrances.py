"""How Mainstay's own HTTP requests reach the edge: the address, accepted certificates, and a signed header."""

import contextlib
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from mainstay.drivers.edge.haproxy.certificates import pem_names
from mainstay.drivers.edge.haproxy.preview_key import HEADER, signed_header
from mainstay.errors import Unreachable
from mainstay.model import Edge, TrafficStatus
from mainstay.model.http import EntranceName, HttpRequest
from mainstay.model.matching import matches_host
from mainstay.system.state_dir import Folders


class Trust(NamedTuple):
    """The conditions on which Mainstay accepts the certificate of an https server."""

    certificates: tuple[Path, ...]
    """PEM files: one of them must contain the server's certificate, or a certificate that issued it."""
    name: str
    """The host name for which the certificate must be valid; empty: any name is accepted."""


class Entrance(NamedTuple):
    """How a request reaches a door of the edge."""

    address: str
    """Base of the URL, such as `http://127.0.0.1:8080`."""
    socket: Path | None = None
    """Unix socket to connect to; None: connect to the host and port of `address`."""
    trust: Trust | None = None
    """The conditions on which the certificate of the door is accepted; None: the address is not https."""
    headers: tuple[tuple[str, str], ...] = ()
    """Headers to add to the request."""


def entrance(request: HttpRequest, door: EntranceName, status: TrafficStatus, folders: Folders) -> Entrance:
    """Return the address and headers with which *request* reaches *door*.

    With several front doors, the port in the request's host chooses the door; if no door has that port, the main one
    is used. A signed header lets the request pass the front door's maintenance and rate limits. Raises Unreachable when
    the environment has no edge.
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
    """Return the conditions. *host* is checked only if a route names it: the certificate may lack other names."""
    own = edge.tls is not None and edge.tls.mode == "internal"
    named = any(route.host and matches_host(route.host, host) for route in edge.routes)
    files = (folders.authority,) if own else tuple(folders.edge / name for name in pem_names(edge))
    return Trust(files, host if named else "")


def _signed(folders: Folders) -> tuple[tuple[str, str], ...]:
    with contextlib.suppress(OSError):  # Without the key the request is not signed; maintenance may then refuse it.
        return ((HEADER, signed_header(folders.edge, "front")),)
    return ()
