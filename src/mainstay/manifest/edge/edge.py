"""The section `edge`, which declares how the edge (the proxy) receives requests and forwards them to services."""

import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from mainstay.manifest.base import Section, rule_error
from mainstay.manifest.edge.cors import CorsSection
from mainstay.manifest.edge.error_pages import ErrorPages
from mainstay.manifest.edge.headers import Headers, to_headers
from mainstay.manifest.edge.limits import LimitsSection, Network
from mainstay.manifest.edge.redirect import RedirectSection
from mainstay.manifest.edge.route import RouteSection
from mainstay.manifest.edge.timeouts import TimeoutsSection
from mainstay.manifest.edge.tls import TlsSection
from mainstay.manifest.scalars import port, shown
from mainstay.model.edge import Edge
from mainstay.model.error_page import ErrorPage
from mainstay.model.value import SecretRef

_DEFAULT = Edge()


def _public_port(value: object) -> object:
    return 0 if value == "auto" else port(value)


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address("" if "%" in value else value))
    except ValueError:
        what = f"{shown(value)} is not an IP address"
        raise rule_error("bad-address", what, "write an address of this machine, such as 192.0.2.7") from None


PublicPort = Annotated[
    int, BeforeValidator(_public_port), WithJsonSchema({"anyOf": [{"type": "integer"}, {"const": "auto"}]})
]


class EdgeSection(Section):
    """The edge: the public ports, and the rules for requests that arrive there."""

    http: PublicPort = Field(default=_DEFAULT.http, examples=[80])
    """The public port for http. With `auto` (0 in JSON), Mainstay chooses a free port once and keeps it."""

    bind: Annotated[str, AfterValidator(_address)] = Field(default=_DEFAULT.address, examples=["192.0.2.7"])
    """The address of this machine at which the front doors listen. `0.0.0.0`: every IPv4 address; `::`: every IPv6
    and IPv4 address.

    If all requests come through a proxy on the same machine, write the loopback address, so that clients cannot
    bypass the proxy.
    """

    https: PublicPort | None = Field(default=None, examples=[443])
    """The public port for https, or `auto` for a free one; requires `tls`. The edge then redirects all requests at
    the port `http` to https; routes with a port of their own (`listen`) keep http."""

    tls: TlsSection | None = Field(default=None, examples=[{"mode": "internal"}])
    """Where the certificates for https come from. Required with `https`."""

    routes: tuple[RouteSection, ...] = Field(default=(), examples=[[{"path": "/", "service": "web"}]])
    """Which service gets which requests."""

    timeouts: TimeoutsSection = Field(default=TimeoutsSection(), examples=[{"answer": "5s"}])
    """How long the edge waits for services and clients."""

    headers: Headers = Field(default=None, examples=["strict"])
    """Response headers of every front door, also on error pages and redirects. A header that a service sets too is
    replaced. none (the default): no headers · strict: `X-Content-Type-Options: nosniff`, `X-Frame-Options: DENY`,
    `Referrer-Policy: strict-origin-when-cross-origin`, `X-XSS-Protection: 0`, `Cross-Origin-Opener-Policy:
    same-origin`, and a `Permissions-Policy` without camera, geolocation, microphone, payment and USB · `{NAME: VALUE}`:
    the strict ones, with this one added or replaced; `NAME: false` removes one."""

    cors: CorsSection | None = Field(default=None, examples=[{"origins": ["https://shop.example"]}])
    """What web pages of other origins may do. Without it, clients get the CORS headers that services set."""

    compress: bool = Field(default=False, examples=[True])
    """Whether text (HTML, CSS, JavaScript, JSON, XML, SVG, WebAssembly) is compressed for clients that accept gzip.
    Responses that are already encoded, event streams, and responses with `Cache-Control: no-transform` are never
    compressed. The `ETag` of a compressed response becomes weak."""

    errors: ErrorPages = Field(default={}, examples=[{"503": "errors/503.html"}])
    """Error pages of your own, by status: HTML files in the manifest's folder, in UTF-8, of at most 8 KB. They are for
    the responses that the edge itself makes: 400, 403, 404, 408, 413, 429, 500, 502, 503, 504. The responses of
    services are not changed. A client that accepts JSON and not HTML gets a problem document (RFC 9457) instead."""

    redirects: tuple[RedirectSection, ...] = Field(
        default=(), examples=[[{"from": "old.example", "to": "https://new.example"}]]
    )
    """Redirects for requests to addresses that have moved."""

    limits: LimitsSection = Field(default=LimitsSection(), examples=[{"body": "1MB"}])
    """Limits on requests from outside: size, rate and connections. Default: none."""

    trusted_proxies: tuple[Network, ...] = Field(default=(), examples=[["10.0.0.0/8"]])
    """Addresses, or networks such as `10.0.0.0/8`, of the proxies in front of the edge.

    For a request from one of these proxies, the client is the last address in `X-Forwarded-For` that does not belong
    to a trusted proxy; rates and services use that address. In other requests, the edge replaces `X-Forwarded-For`.
    """

    @property
    def secret(self) -> str | None:
        """The name of the secret with the key of the account at the authority (`eab`); None without one."""
        return self.tls.eab.key if self.tls and self.tls.eab else None

    def to_edge(
        self,
        folder: Path,
        *,
        release_header: bool,
        pages: tuple[ErrorPage, ...] = (),
        secret: Callable[[str], SecretRef] = SecretRef,
    ) -> Edge | None:
        """Return the edge; None when it has no routes.

        *folder* is that of the manifest. *release_header* is whether responses name their release. *pages* are the
        contents of `errors`. *secret* returns the reference to a secret, given its name.
        """
        if not self.routes:
            return None
        tls = self.tls.to_tls(folder, secret) if self.tls else None
        return Edge(
            http=self.http,
            address=self.bind,
            routes=tuple(route.to_route() for route in self.routes),
            answer_s=self.timeouts.answer,
            body_s=self.timeouts.body,
            tunnel_s=self.timeouts.tunnel,
            release_header=release_header,
            headers=to_headers(self.headers),
            cors=self.cors.to_cors() if self.cors else None,
            compress=self.compress,
            pages=pages,
            redirects=tuple(redirect.to_redirect() for redirect in self.redirects),
            https=self.https if tls else None,
            tls=tls,
            limits=self.limits.to_limits(),
            trusted_proxies=self.trusted_proxies,
        )
