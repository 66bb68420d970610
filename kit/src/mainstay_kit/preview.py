"""The preview header, with which calls for a request of the preview door reach the new releases of other services."""

import re

from .chain.chain import Part
from .chain.exchange import Exchange

HEADER = "X-Mainstay-Preview"
HEADER_KEY = HEADER.lower().encode()
FORMAT = re.compile(rb"[0-9]{10}\.[0-9a-f]{64}")
"""`EXPIRES.SIGNATURE`. Only the edge has the key of the signature, so only the edge can check it."""


class Preview(Part):
    """Keeps the preview header for calls to neighbours; removes a header that does not have the expected form.

    The edge removes the header from every request that comes from outside, and ignores a header it has not signed.
    """

    def on_request(self, exchange: Exchange) -> None:
        header = exchange.headers.get(HEADER_KEY)
        if header is None:
            return
        if FORMAT.fullmatch(header):
            exchange.preview = header.decode()
            return
        exchange.preview = ""
        scope = exchange.scope
        scope["headers"] = [header for header in scope["headers"] if header[0] != HEADER_KEY]
        del exchange.headers[HEADER_KEY]
