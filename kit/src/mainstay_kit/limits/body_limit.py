"""Body limit: the maximum size of a request body, and how long the client may take to send it."""

import asyncio
from collections.abc import Mapping
from time import monotonic

from mainstay_kit.chain.asgi import ASGIApp, Message, Receive
from mainstay_kit.chain.chain import Part
from mainstay_kit.chain.exchange import Exchange
from mainstay_kit.chain.response import Response
from mainstay_kit.errors import Misconfigured
from mainstay_kit.problems import problem_response

MEBIBYTE = 1024 * 1024
CLOSE = (b"connection", b"close")  # otherwise the server would read the rest of the body as the next request


class BodyLimit(Part):
    """Refuses a body that is too large (413) or that arrives too slowly (408), and closes the connection.

    A body whose declared length is too large is refused at once; every body is also counted while it arrives, in case
    the length is missing or wrong. *routes* maps path prefixes to limits in bytes; the longest matching prefix applies.

    The client has *limit_seconds* left when the body begins. It gains one second for each *bytes_per_second* bytes that
    arrive, up to *limit_seconds* again. So a client that sends 1 byte/s is cut off after about *limit_seconds*, and an
    upload faster than *bytes_per_second* never is. Only time in which the application waits for the client counts.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        limit_bytes: int = 10 * MEBIBYTE,
        limit_seconds: float = 30.0,
        bytes_per_second: int = 5_000,
        routes: Mapping[str, int] | None = None,
    ) -> None:
        longest_first = sorted((routes or {}).items(), key=lambda route: -len(route[0]))
        for limit in (limit_bytes, *dict(longest_first).values()):
            if limit <= 0:
                raise Misconfigured(f"{limit} bytes is not a limit", remedy="give a positive number of bytes")
        if limit_seconds <= 0 or bytes_per_second <= 0:
            raise Misconfigured(
                f"{limit_seconds} s and {bytes_per_second} bytes a second are not limits",
                remedy="give positive numbers",
            )
        self._limit = limit_bytes
        self._seconds = limit_seconds
        self._rate = bytes_per_second
        self._routes = [(path.rstrip("/") + "/", limit) for path, limit in longest_first]
        super().__init__(app)

    def on_request(self, exchange: Exchange) -> Response | None:
        declared = exchange.headers.get(b"content-length")
        if declared is None:
            if exchange.websocket:
                return None
            if b"transfer-encoding" in exchange.headers or exchange.scope.get("http_version") != "1.1":
                exchange.body_reader = _MeasuredBody(self._limit_for(exchange.path), self._seconds, self._rate)
            return None
        if not declared.isdigit():
            return problem_response(400, "content-length is not a number", CLOSE)
        if declared == b"0":
            return None
        limit = self._limit_for(exchange.path)
        if int(declared) > limit:
            return _too_large(limit)
        exchange.body_reader = _MeasuredBody(limit, self._seconds, self._rate)
        return None

    def _limit_for(self, path: str) -> int:
        return next((limit for prefix, limit in self._routes if (path + "/").startswith(prefix)), self._limit)


class _MeasuredBody:
    """Counts the bytes of one body and the seconds spent waiting for the client."""

    def __init__(self, limit_bytes: int, limit_seconds: float, bytes_per_second: int) -> None:
        self.refusal: Response | None = None
        self._limit = limit_bytes
        self._remaining_bytes = limit_bytes
        self._seconds = limit_seconds
        self._remaining_seconds = limit_seconds
        self._rate = bytes_per_second
        self._complete = False

    async def receive(self, receive: Receive) -> Message:
        if self._complete:  # only the client's disconnect can follow, and that has no time limit
            return await receive()
        began = monotonic()
        try:
            async with asyncio.timeout(self._remaining_seconds) as waiting:
                message = await receive()
        except TimeoutError:
            if not waiting.expired():
                raise
            self.refusal = problem_response(
                408, f"the body did not arrive within {self._seconds:g} s and {self._rate} bytes a second", CLOSE
            )
            return {"type": "http.disconnect"}
        if message["type"] == "http.request":
            self._count(message, monotonic() - began)
        return message

    def _count(self, message: Message, waited: float) -> None:
        arrived = len(message.get("body", b""))
        self._remaining_bytes -= arrived
        self._remaining_seconds = min(self._seconds, self._remaining_seconds - waited + arrived / self._rate)
        self._complete = not message.get("more_body")
        if self._remaining_bytes < 0:
            self.refusal = _too_large(self._limit)


def _too_large(limit: int) -> Response:
    return problem_response(413, f"the body is larger than {limit} bytes", CLOSE)
