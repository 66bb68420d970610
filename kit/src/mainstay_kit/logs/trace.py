"""Request ids and W3C trace context: they link log lines and calls to neighbours to a request."""

import re
from random import getrandbits

from mainstay_kit.chain.asgi import ASGIApp
from mainstay_kit.chain.chain import Part
from mainstay_kit.chain.exchange import Exchange

REQUEST_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}\Z").match
TRACEPARENT = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})\Z").match


class RequestContext(Part):
    """Gives every request an id and a trace id: those of its headers if they are well formed, else new ones.

    The ids protect nothing, so fast non-cryptographic randomness is enough, and a client that invents ids confuses
    only its own traces. Headers that are not well formed never reach logs and responses.
    """

    def __init__(self, app: ASGIApp | None = None, *, header: str = "x-request-id") -> None:
        self._header = header.lower().encode()
        super().__init__(app)

    def on_request(self, exchange: Exchange) -> None:
        headers = exchange.headers
        header = headers.get(b"traceparent")
        match = header and TRACEPARENT(header)
        if match:
            exchange.trace_id = match[1].decode()
            exchange.trace_flags = match[3].decode()
        else:
            exchange.trace_id = getrandbits(128).to_bytes(16, "big").hex()
        header = headers.get(self._header)
        exchange.request_id = header.decode() if header and REQUEST_ID(header) else exchange.trace_id
        exchange.added_headers.append((self._header, exchange.request_id.encode()))


def traceparent(exchange: Exchange) -> str:
    """Return the `traceparent` for a call to a neighbour: the same trace, with this request as the parent."""
    exchange.span_id = exchange.span_id or getrandbits(64).to_bytes(8, "big").hex()
    return f"00-{exchange.trace_id}-{exchange.span_id}-{exchange.trace_flags}"
