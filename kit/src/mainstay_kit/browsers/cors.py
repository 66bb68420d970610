"""CORS: which other origins may read the service's responses in a browser."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from mainstay_kit.chain.asgi import ASGIApp, Header
from mainstay_kit.chain.chain import Part
from mainstay_kit.chain.exchange import Exchange
from mainstay_kit.chain.response import Response
from mainstay_kit.errors import Misconfigured
from mainstay_kit.problems import problem_response

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REQUEST_HEADERS = ("authorization", "content-type", "x-request-id")
RESPONSE_HEADERS = ("x-request-id", "retry-after", "ratelimit")
VARY = (b"vary", b"origin")


class Cors(Part):
    """Allows the listed origins, compared exactly. Other origins get no CORS headers, and their preflights get 403.

    Browsers do not apply CORS to WebSockets, and send cookies with them from any origin. So a WebSocket of an origin
    that is neither listed nor the service's own gets 403.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        origins: Iterable[str],
        methods: Iterable[str] = METHODS,
        headers: Iterable[str] = REQUEST_HEADERS,
        expose: Iterable[str] = RESPONSE_HEADERS,
        credentials: bool = False,
        max_age: int = 600,
    ) -> None:
        allowed = [_validated(origin) for origin in origins]
        self._methods = ", ".join(methods).encode()
        self._headers = ", ".join(headers).encode()
        self._max_age = b"%d" % max_age
        extra: list[Header] = [(b"access-control-expose-headers", ", ".join(expose).encode()), VARY]
        if credentials:
            extra.append((b"access-control-allow-credentials", b"true"))
        self._allowed = {
            origin: ((b"access-control-allow-origin", origin), *extra) for origin in allowed
        }  # the headers of each origin are built once
        super().__init__(app)

    def on_request(self, exchange: Exchange) -> Response | None:
        origin = exchange.headers.get(b"origin")
        if origin is None:
            exchange.added_headers.append(VARY)  # a cache must not serve this response to an allowed origin
            return None
        exchange.added_headers += self._allowed.get(origin, (VARY,))
        if origin not in self._allowed and exchange.websocket:
            host = exchange.headers.get(b"host", b"")
            return None if origin.partition(b"://")[2] == host else problem_response(403, "origin not allowed")
        return self._preflight(exchange)

    def _preflight(self, exchange: Exchange) -> Response | None:
        if exchange.websocket or exchange.method != "OPTIONS":
            return None
        if b"access-control-request-method" not in exchange.headers:
            return None
        if exchange.headers[b"origin"] not in self._allowed:
            return problem_response(403, "origin not allowed")
        return Response(
            204,
            headers=(
                (b"access-control-allow-methods", self._methods),
                (b"access-control-allow-headers", self._headers),
                (b"access-control-max-age", self._max_age),
            ),
        )


def _validated(origin: str) -> bytes:
    """Return *origin* as browsers send it. Raises Misconfigured when it could never match or would match too much."""
    parts = urlsplit(origin)
    if origin in {"*", "null"} or "*" in origin:
        raise Misconfigured(f"{origin} allows every origin", remedy="list the origins: https://app.example.com")
    if parts.scheme not in {"http", "https"} or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
        raise Misconfigured(f"{origin!r} is not an origin", remedy="write scheme://host[:port] and nothing more")
    return origin.lower().encode()
