"""Security headers: restrictions that browsers enforce."""

import secrets
from collections.abc import Mapping
from operator import itemgetter

from mainstay_kit.chain.asgi import ASGIApp, Header
from mainstay_kit.chain.chain import Part
from mainstay_kit.chain.exchange import Exchange

# No upgrade-insecure-requests: it would break plain http on localhost, and with TLS, HSTS already covers it.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
HEADER_NAME = itemgetter(0)
NO_STORE = (b"cache-control", b"no-store")
HSTS = "max-age=31536000; includeSubDomains"
DEFAULTS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-xss-protection": "0",  # the filter of old browsers could be made to open holes
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class SecurityHeaders(Part):
    """Adds the missing security headers to every response; headers set by the application take precedence.

    A `{nonce}` in the policy is replaced with a new nonce per request, which is in `scope["state"]["nonce"]`.
    Responses with neither `cache-control` nor `etag` get `cache-control: no-store`.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        policy: str = CONTENT_SECURITY_POLICY,
        report_only: bool = False,
        hsts: str = HSTS,
        no_store: bool = True,
        overrides: Mapping[str, str | None] | None = None,
    ) -> None:
        name = b"content-security-policy-report-only" if report_only else b"content-security-policy"
        self._policy = (name, policy.encode())
        self._nonce = "{nonce}" in policy
        self.paths = None if self._nonce else ()  # without a nonce, `on_request` does nothing
        values = {**DEFAULTS, **(overrides or {})}
        added = [(key.lower().encode(), value.encode()) for key, value in values.items() if value is not None]
        if not self._nonce:
            added.insert(0, self._policy)
        if no_store:
            added.append(NO_STORE)
        self._http: tuple[Header, ...] = tuple(added)
        self._https = (*self._http, (b"strict-transport-security", hsts.encode())) if hsts else self._http
        self._checked_names = frozenset([b"etag", self._policy[0], *(name for name, _ in self._https)])
        super().__init__(app)

    def on_request(self, exchange: Exchange) -> None:
        _nonce_of(exchange)

    def on_response_start(self, exchange: Exchange, headers: list[Header]) -> None:
        added = self._https if exchange.scope["scheme"] == "https" else self._http
        present = self._checked_names.intersection(map(HEADER_NAME, headers))
        if present:
            added = tuple(header for header in added if header[0] not in present)
            if b"etag" in present:
                added = tuple(header for header in added if header is not NO_STORE)
        headers += added
        if self._nonce and self._policy[0] not in present:
            name, policy = self._policy
            headers.append((name, policy.replace(b"{nonce}", _nonce_of(exchange).encode())))


def _nonce_of(exchange: Exchange) -> str:
    """Return the request's nonce, created at first use: an earlier part may respond before `on_request` runs."""
    nonce: str = exchange.scope.setdefault("state", {}).setdefault("nonce", secrets.token_urlsafe(16))
    return nonce
