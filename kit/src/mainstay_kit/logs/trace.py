"""Request ids and W3C trace context: which request a log line, a metric or a neighbour's call belongs to."""

import re
from random import getrandbits

from mainstay_kit.chain.asgi import ASGIApp
from mainstay_kit.chain.chain import Part
from mainstay_kit.chain.exchange import Exchange

REQUEST_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}\Z").match
TRACEPARENT = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})\Z").match


class RequestContext(Part):
    """Every request has an id and a trace: those that came with it when they are well formed, else new ones.

    Ids name things and guard nothing, so quick randomness will do, and a client that makes up its own
    confuses only its own traces. The pattern keeps whatever else might be in the header out of logs and headers.
    """

    def __init__(self, app: ASGIApp | None = None, *, header: str = "x-request-id") -> None:
        self._header = header.lower().encode()
        super().__init__(app)

    def enter(self, exchange: Exchange) -> None:
        headers = exchange.headers
        came = headers.get(b"traceparent")
        match = came and TRACEPARENT(came)
        if match:
            exchange.trace_id = match[1].decode()
            exchange.trace_flags = match[3].decode()
        else:
            exchange.trace_id = getrandbits(128).to_bytes(16, "big").hex()
        came = headers.get(self._header)
        exchange.request_id = came.decode() if came and REQUEST_ID(came) else exchange.trace_id
        exchange.adding.append((self._header, exchange.request_id.encode()))


def traceparent(exchange: Exchange) -> str:
    """What a call to a neighbour carries: the same trace, and us as the parent."""
    exchange.span_id = exchange.span_id or getrandbits(64).to_bytes(8, "big").hex()
    return f"00-{exchange.trace_id}-{exchange.span_id}-{exchange.trace_flags}"
