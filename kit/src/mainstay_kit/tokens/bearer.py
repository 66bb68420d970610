"""Bearer tokens: a part that requires a valid access token under the given paths."""

from collections.abc import Iterable

from mainstay_kit.chain.answer import Answer
from mainstay_kit.chain.asgi import ASGIApp
from mainstay_kit.chain.chain import Part
from mainstay_kit.chain.exchange import Exchange
from mainstay_kit.chain.paths import Under
from mainstay_kit.problems import problem_answer

from .tokens import TokenInvalid, Tokens

CHALLENGE = (b"www-authenticate", b"Bearer")
INVALID = (b"www-authenticate", b'Bearer error="invalid_token"')


class BearerToken(Part):
    """Puts the token's claims in `scope["state"]["claims"]`; without a valid token the response is 401.

    The token is read only from the `Authorization` header: tokens in URLs end up in logs and browser histories.
    """

    def __init__(
        self, app: ASGIApp | None = None, *, tokens: Tokens, paths: Iterable[str] = ("/",), but: Iterable[str] = ()
    ) -> None:
        self._tokens = tokens
        self._guarded = Under(paths)
        self._free = Under(but)
        super().__init__(app)

    def enter(self, exchange: Exchange) -> Answer | None:
        if not self._guarded.covers(exchange.path) or self._free.covers(exchange.path):
            return None
        scheme, _, token = exchange.headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return problem_answer(401, "a bearer token is required", CHALLENGE)
        try:
            claims = self._tokens.read(token.strip())
        except TokenInvalid as error:
            return problem_answer(401, error.what, INVALID)
        exchange.scope.setdefault("state", {})["claims"] = claims
        return None
