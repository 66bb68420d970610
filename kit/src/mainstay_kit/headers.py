"""Security headers: what a browser is told to refuse."""

import secrets
from collections.abc import Mapping

from .asgi import ASGIApp, Header
from .chain import Part
from .exchange import Exchange

# No upgrade-insecure-requests: it would break plain http on localhost, and where there is TLS, HSTS says it already.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
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
    """Adds to every response the headers it does not have yet: what the application says itself counts.

    A `{nonce}` in the policy becomes a new one per request, which the application finds in `scope["state"]["nonce"]`.
    Responses that say nothing of caching and have no `etag` are not stored by anyone.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        policy: str = CONTENT_SECURITY_POLICY,
        report_only: bool = False,
        hsts: str = HSTS,
        no_store: bool = True,
        others: Mapping[str, str | None] | None = None,
    ) -> None:
        name = b"content-security-policy-report-only" if report_only else b"content-security-policy"
        self._policy = (name, policy.encode())
        self._nonce = "{nonce}" in policy
        self._hsts = (b"strict-transport-security", hsts.encode()) if hsts else None
        self._no_store = no_store
        chosen = {**DEFAULTS, **(others or {})}
        fixed = [(key.lower().encode(), value.encode()) for key, value in chosen.items() if value is not None]
        self._fixed: tuple[Header, ...] = tuple(fixed if self._nonce else [self._policy, *fixed])
        self._names = frozenset(name for name, _ in self._fixed)
        super().__init__(app)

    def enter(self, exchange: Exchange) -> None:
        if self._nonce:
            exchange.scope.setdefault("state", {})["nonce"] = secrets.token_urlsafe(16)

    def answering(self, exchange: Exchange, headers: list[Header]) -> None:
        present = {name for name, _ in headers}
        if self._names.isdisjoint(present):
            headers += self._fixed
        else:
            headers += [header for header in self._fixed if header[0] not in present]
        if self._nonce and self._policy[0] not in present:
            name, policy = self._policy
            headers.append((name, policy.replace(b"{nonce}", exchange.scope["state"]["nonce"].encode())))
        if self._no_store and b"cache-control" not in present and b"etag" not in present:
            headers.append((b"cache-control", b"no-store"))
        if self._hsts is not None and exchange.scope["scheme"] == "https" and self._hsts[0] not in present:
            headers.append(self._hsts)
