"""Service token: how one service authenticates to another."""

import hashlib
import hmac
from collections.abc import Iterable

from .chain.asgi import ASGIApp
from .chain.chain import Part
from .chain.exchange import Exchange
from .chain.paths import PathPrefixes
from .chain.response import Response
from .errors import Misconfigured
from .problems import problem_response
from .variables.secret import Secret, revealed

MIN_LENGTH = 32


class ServiceToken(Part):
    """Requires `X-Service-Token` under the given paths. Several tokens are valid at once, so that they can be rotated.

    Each request's token is compared with all valid ones, by digests of equal length, so that the response time reveals
    neither how much of a token matched nor which token it was. A wrong and a missing token get the same response.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        tokens: Iterable[Secret | str],
        paths: Iterable[str] = ("/internal",),
        header: str = "x-service-token",
    ) -> None:
        values = [revealed(token) for token in tokens]
        if not values or any(len(value) < MIN_LENGTH for value in values):
            raise Misconfigured(
                f"a service token needs at least {MIN_LENGTH} characters", remedy="make one: openssl rand -hex 32"
            )
        self._digests = tuple(hashlib.sha256(value.encode()).digest() for value in values)
        self._protected = PathPrefixes(paths)
        self._header = header.lower().encode()
        super().__init__(app)

    def on_request(self, exchange: Exchange) -> Response | None:
        if not self._protected.covers(exchange.path):
            return None
        return None if self.has_valid_token(exchange) else problem_response(401, "a service token is required")

    def has_valid_token(self, exchange: Exchange) -> bool:
        """Return whether the request has a valid token, whatever its path."""
        digest = hashlib.sha256(exchange.headers.get(self._header, b"")).digest()
        matches = [hmac.compare_digest(digest, known) for known in self._digests]
        return any(matches)
