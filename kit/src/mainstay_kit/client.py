"""The HTTP client for neighbours: what belongs to a request goes with it, and nothing waits for ever."""

import logging

import httpx2

from .chain.exchange import current
from .logs.trace import traceparent
from .preview import HEADER
from .variables.secret import Secret, revealed

logging.getLogger("httpx2").setLevel(logging.WARNING)  # at info it tells every address with its query
TIMEOUT = httpx2.Timeout(10.0, connect=2.0, pool=2.0)


def neighbour(
    base_url: str,
    *,
    service_token: Secret | str | None = None,
    timeout: httpx2.Timeout = TIMEOUT,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> httpx2.AsyncClient:
    """A client for one neighbour. Its calls carry the request's id, its trace, its client and the preview header.

    They do so to that neighbour alone: a call to any other origin gets none of them, and redirects are not followed,
    because both would hand the service's credentials to whoever the address leads to.
    """
    origin = _origin(httpx2.URL(base_url))
    token = revealed(service_token) if service_token else ""

    async def add_headers(request: httpx2.Request) -> None:
        if _origin(request.url) != origin:
            return
        if token:
            request.headers["X-Service-Token"] = token
        exchange = current.get()
        if exchange is None:
            return
        if exchange.trace_id:
            request.headers["X-Request-ID"] = exchange.request_id
            request.headers["traceparent"] = traceparent(exchange)
        if exchange.client:  # as our trusted proxies told it; the neighbour believes it if it trusts us
            request.headers["X-Forwarded-For"] = exchange.client
        if exchange.preview:
            request.headers[HEADER] = exchange.preview

    return httpx2.AsyncClient(
        base_url=base_url,
        timeout=timeout,
        transport=transport,
        follow_redirects=False,
        trust_env=False,  # a proxy named in the environment is for the outside
        event_hooks={"request": [add_headers]},
    )


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
