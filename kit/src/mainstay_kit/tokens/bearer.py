"""Bearer tokens: a part that requires a valid access token under the given paths."""

from collections.abc import Iterable

from mainstay_kit.chain.asgi import ASGIApp
from mainstay_kit.chain.chain import Part
from mainstay_kit.chain.exchange import Exchange
from mainstay_kit.chain.paths import PathPrefixes
from mainstay_kit.chain.response import Response
from mainstay_kit.problems import problem_response

from .tokens import TokenInvalid, Tokens

CHALLENGE = (b"www-authenticate", b"Bearer")
INVALID = (b"www-authenticate", b'Bearer error="invalid_token"')


class BearerToken(Part):
    """Puts the token's claims in `scope["state"]["claims"]`; without a valid token the response is 401.

    The token is read only from the `Authorization` header: tokens in URLs end up in logs and browser histories.
    """

    def __init__(
        self, app: ASGIApp | None = None, *, tokens: Tokens, paths: Iterable[str] = ("/",), exempt: Iterable[str] = ()
    ) -> None:
        self._tokens = tokens
        self._protected = PathPrefixes(paths)
        self._exempt = PathPrefixes(exempt)
        super().__init__(app)

    def on_request(self, exchange: Exchange) -> Response | None:
        if not self._protected.covers(exchange.path) or self._exempt.covers(exchange.path):
            return None
        scheme, _, token = exchange.headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return problem_response(401, "a bearer token is required", CHALLENGE)
        try:
            claims = self._tokens.read(token.strip())
        except TokenInvalid as error:
            return problem_response(401, error.message, INVALID)
        exchange.scope.setdefault("state", {})["claims"] = claims
        return None
