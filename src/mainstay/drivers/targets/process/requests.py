"""Send HTTP requests to the doors of the edge: over TCP to a front door, over a unix socket to the preview door."""

import ssl
import time
from contextlib import AbstractContextManager

import httpx2

from mainstay.drivers.machine.entrances import Entrance, Trust, entrance
from mainstay.errors import Unreachable
from mainstay.model import TrafficStatus
from mainstay.model.http import EntranceName, HttpRequest, HttpResponse
from mainstay.system.state_dir import Folders

LARGEST_BYTES = 1_000_000
"""Number of bytes of a response body that are read; the rest of a longer body is left out."""
CONNECT_S = 5.0
_LOGS = "mainstay logs edge"
"""The remedy of every failure."""


def send_to_door(request: HttpRequest, door: EntranceName, status: TrafficStatus, folders: Folders) -> HttpResponse:
    """Send *request* to *door* and return the response. Raises Unreachable if there is no edge, and as `send` does."""
    return send(request, entrance(request, door, status, folders))


def send(request: HttpRequest, to: Entrance) -> HttpResponse:
    """Send *request* and return the response.

    Raises Unreachable if no complete response arrives within the request's time limit, or the certificate is untrusted.
    """
    began = time.monotonic()
    try:
        with _client(request, to) as client, _sent(request, to, client) as response:
            body = _body(response, began + request.within_s)
            headers = tuple((name.lower(), value) for name, value in response.headers.multi_items())
            return HttpResponse(response.status_code, headers, body, time.monotonic() - began)
    except (httpx2.TimeoutException, TimeoutError):
        raise Unreachable(f"no complete response within {request.within_s:g} s", remedy=_LOGS) from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise Unreachable(f"no response: {str(error) or type(error).__name__}", remedy=_LOGS) from None


def _client(request: HttpRequest, to: Entrance) -> httpx2.Client:
    socket = str(to.socket) if to.socket else None
    verify = _context(to.trust) if to.trust else False
    limits = httpx2.Timeout(request.within_s, connect=min(CONNECT_S, request.within_s))
    transport = httpx2.HTTPTransport(uds=socket, verify=verify, trust_env=False)
    return httpx2.Client(base_url=to.address, transport=transport, timeout=limits, trust_env=False)


def _context(trust: Trust) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # It trusts these files alone.
    for file in trust.certificates:
        context.load_verify_locations(cafile=str(file))
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # The server's certificate itself may be the trusted one.
    context.check_hostname = bool(trust.name)
    return context


def _sent(request: HttpRequest, to: Entrance, client: httpx2.Client) -> AbstractContextManager[httpx2.Response]:
    given = {name.lower() for name, _ in request.headers}
    host = [("Host", request.host)] if request.host and "host" not in given else []
    agent = [] if "user-agent" in given else [("User-Agent", "mainstay-smoke")]
    headers = [*host, *agent, *request.headers, *to.headers]
    extensions = {"sni_hostname": to.trust.name} if to.trust and to.trust.name else {}
    return client.stream(
        request.method, request.path, headers=headers, content=request.body or None, extensions=extensions
    )


def _body(response: httpx2.Response, ends: float) -> bytes:
    body = b""
    for part in response.iter_bytes():  # With a chunk size it would wait for a whole chunk, beyond the time limit.
        body += part
        if len(body) >= LARGEST_BYTES:
            return body[:LARGEST_BYTES]
        if time.monotonic() > ends:
            raise TimeoutError
    return body
