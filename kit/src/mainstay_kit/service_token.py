"""Service token: how one service knows another."""

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

    What is compared are digests of the same length, all of them each time: the time taken tells nothing of
    how much was right, nor of which token it was. Wrong and missing look alike.
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
        """Whether the request carries a valid token."""
        digest = hashlib.sha256(exchange.headers.get(self._header, b"")).digest()
        found = [hmac.compare_digest(digest, known) for known in self._digests]
        return any(found)
