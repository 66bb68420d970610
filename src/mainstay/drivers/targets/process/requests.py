"""Send HTTP requests to the doors of the edge: over TCP to a front door, over a unix socket to the preview door."""

import ssl
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2

from mainstay.errors import Unreachable
from mainstay.model.http import Door, HttpRequest, HttpResponse

LARGEST_BYTES = 1_000_000
"""The longest body that is read; the rest of a longer one is left out."""
CONNECT_S = 5.0


class Entrance(NamedTuple):
    """Where requests enter: the base address, and either a unix socket or the authority that signs its certificate."""

    address: str
    socket: Path | None = None
    authority: Path | None = None
    """None: the certificate is not verified, because the edge is on this machine."""


def send_to_door(request: HttpRequest, door: Door, doors: tuple[str, ...], preview_socket: Path) -> HttpResponse:
    """Send *request* to *door*. A port in its Host chooses the front door with that port.

    *doors* are the addresses of the front doors. Raises Unreachable when there is none, and like `send`.
    """
    if not doors:
        raise Unreachable("the environment has no edge, so no request can be sent", remedy="mainstay status")
    if door == "preview":
        return send(request, Entrance("http://preview", preview_socket))
    port = urlsplit(f"//{request.host}").port
    return send(request, Entrance(next((each for each in doors if urlsplit(each).port == port), doors[0])))


def send(request: HttpRequest, to: Entrance) -> HttpResponse:
    """Send *request* and return the response. Raises Unreachable when none is complete within the time limit."""
    began = time.monotonic()
    what = f"{request.method} {request.path.partition('?')[0]}"
    try:
        with _client(request, to) as client, _sent(request, client) as response:
            body = _body(response, began + request.within_s)
            headers = tuple((name.lower(), value) for name, value in response.headers.multi_items())
            return HttpResponse(response.status_code, headers, body, time.monotonic() - began)
    except (httpx2.TimeoutException, TimeoutError):
        raise Unreachable(f"{what}: no complete response within {request.within_s:g} s", remedy=_LOGS) from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise Unreachable(f"{what}: no response: {str(error) or type(error).__name__}", remedy=_LOGS) from None


_LOGS = "mainstay logs edge"


def _client(request: HttpRequest, to: Entrance) -> httpx2.Client:
    socket = str(to.socket) if to.socket else None
    verify = ssl.create_default_context(cafile=str(to.authority)) if to.authority else False
    limits = httpx2.Timeout(request.within_s, connect=min(CONNECT_S, request.within_s))
    transport = httpx2.HTTPTransport(uds=socket, verify=verify, trust_env=False)
    return httpx2.Client(base_url=to.address, transport=transport, timeout=limits, trust_env=False)


def _sent(request: HttpRequest, client: httpx2.Client) -> AbstractContextManager[httpx2.Response]:
    given = {name.lower() for name, _ in request.headers}
    host = [("Host", request.host)] if request.host and "host" not in given else []
    agent = [] if "user-agent" in given else [("User-Agent", "mainstay-smoke")]
    headers = [*host, *agent, *request.headers]
    return client.stream(request.method, request.path, headers=headers, content=request.body or None)


def _body(response: httpx2.Response, ends: float) -> bytes:
    body = b""
    for part in response.iter_bytes(65536):
        body += part
        if len(body) >= LARGEST_BYTES:
            return body[:LARGEST_BYTES]
        if time.monotonic() > ends:
            raise TimeoutError
    return body
