"""The service token: whoever calls shows it, but for the probes."""

import hmac

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

HEADER = b"x-service-token"
OPEN_PATHS = frozenset({"/live", "/ready", "/health"})


class ServiceTokenWanted:
    """Lets a request through when it carries the token, compared in a time that tells nothing about it."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or self._shown(scope):
            await self._app(scope, receive, send)
            return
        refusal = {"error": {"code": "token-wanted", "what": "send the service token as X-Service-Token"}}
        await JSONResponse(refusal, status_code=401)(scope, receive, send)

    def _shown(self, scope: Scope) -> bool:
        shown = [value for name, value in scope["headers"] if name == HEADER]
        return len(shown) == 1 and hmac.compare_digest(shown[0], self._token)
