"""The preview header: a signed statement that a request belongs to a release that is not live yet."""

import hashlib
import hmac
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .chain.asgi import ASGIApp
from .chain.chain import Part
from .chain.exchange import Exchange
from .variables.secret import Secret, revealed

HEADER = "X-Mainstay-Preview"
HEADER_KEY = HEADER.lower().encode()
VARIABLE = "MAINSTAY_PREVIEW_KEY"
FORMAT = re.compile(
    r"(?P<what>(?P<release>[A-Za-z0-9._-]{1,64})\.(?P<expires>[0-9]{1,12}))\.(?P<signature>[0-9a-f]{64})"
)


class Preview(Part):
    """Keeps a valid preview header for calls to neighbours, and removes an invalid one from the request.

    Only the holder of the key can route requests to a release that is not live. Without a key every preview header is
    removed: a service must not forward a header that it cannot verify.
    """

    def __init__(
        self, app: ASGIApp | None = None, *, key: Secret | str | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self._key = revealed(key).encode() if key else b""
        self._now = now
        super().__init__(app)

    def on_request(self, exchange: Exchange) -> None:
        header = exchange.headers.get(HEADER_KEY)
        if header is None:
            return
        value = header.decode("latin-1")
        if is_valid(value, self._key, self._now()):
            exchange.preview = value
            return
        exchange.preview = ""
        scope = exchange.scope
        scope["headers"] = [header for header in scope["headers"] if header[0] != HEADER_KEY]
        del exchange.headers[HEADER_KEY]


def sign(release: str, expires: int, key: bytes) -> str:
    """Return `RELEASE.EXPIRES.SIGNATURE`; the signature is the HMAC-SHA256 of the text before the last dot."""
    payload = f"{release}.{expires}"
    return f"{payload}.{hmac.new(key, payload.encode(), hashlib.sha256).hexdigest()}"


def is_valid(value: str, key: bytes, now: float) -> bool:
    match = FORMAT.fullmatch(value)
    if not key or match is None:
        return False
    expected = sign(match["release"], int(match["expires"]), key).rpartition(".")[2]
    return hmac.compare_digest(match["signature"], expected) and now < int(match["expires"])


def key_from(environment: Mapping[str, str] = os.environ) -> Secret | None:
    """Return the key from `MAINSTAY_PREVIEW_KEY` or the file that `…_FILE` names; None if neither is set."""
    if value := environment.get(VARIABLE):
        return Secret(value)
    if path := environment.get(f"{VARIABLE}_FILE"):
        return Secret(Path(path).read_text().strip())
    return None
