"""Service token: how one service authenticates to another."""

import hashlib
import hmac
from collections.abc import Iterable

from .chain.answer import Answer
from .chain.asgi import ASGIApp
from .chain.chain import Part
from .chain.exchange import Exchange
from .chain.paths import Under
from .errors import Misconfigured
from .problems import problem_answer
from .variables.secret import Secret, revealed

SHORTEST = 32


class ServiceToken(Part):
    """Requires `X-Service-Token` under the given paths. Several tokens are valid at once, so that they can be rotated.

    Digests of equal length are compared, and all of them each time, so that the response time reveals neither how much
    of a token matched nor which token it was. A wrong and a missing token get the same response.
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
        if not values or any(len(value) < SHORTEST for value in values):
            raise Misconfigured(
                f"a service token of at least {SHORTEST} characters is needed", remedy="make one: openssl rand -hex 32"
            )
        self._digests = tuple(hashlib.sha256(value.encode()).digest() for value in values)
        self._guarded = Under(paths)
        self._header = header.lower().encode()
        super().__init__(app)

    def enter(self, exchange: Exchange) -> Answer | None:
        if not self._guarded.covers(exchange.path):
            return None
        return None if self.came_with(exchange) else problem_answer(401, "a service token is required")

    def came_with(self, exchange: Exchange) -> bool:
        """Return whether the request has a valid token."""
        digest = hashlib.sha256(exchange.headers.get(self._header, b"")).digest()
        found = [hmac.compare_digest(digest, known) for known in self._digests]
        return any(found)
