"""The HTTP client for a neighbour, another service of the same system: it passes on the request's context."""

import logging

import httpx2

from .chain.exchange import current
from .logs.trace import traceparent
from .preview import HEADER
from .variables.secret import Secret, revealed

logging.getLogger("httpx2").setLevel(logging.WARNING)  # at INFO it logs every URL with its query
TIMEOUT = httpx2.Timeout(10.0, connect=2.0, pool=2.0)


def neighbour(
    base_url: str,
    *,
    service_token: Secret | str | None = None,
    timeout: httpx2.Timeout = TIMEOUT,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> httpx2.AsyncClient:
    """Return a client for one neighbour that sends the id, trace, client address and preview header of the request.

    A call to another origin gets none of these headers and no service token, and the client follows no redirect:
    otherwise a foreign host could receive the service's credentials. Every wait has a timeout.
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
        if exchange.client:  # determined by TrustedProxies; the neighbour uses it if it trusts this service
            request.headers["X-Forwarded-For"] = exchange.client
        if exchange.preview:
            request.headers[HEADER] = exchange.preview

    return httpx2.AsyncClient(
        base_url=base_url,
        timeout=timeout,
        transport=transport,
        follow_redirects=False,
        trust_env=False,  # a proxy set in the environment is meant for external hosts
        event_hooks={"request": [add_headers]},
    )


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
