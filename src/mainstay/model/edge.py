"""The edge: its front door (public port) and its routes."""

from collections.abc import Mapping

import msgspec

from mainstay.model.cors import Cors
from mainstay.model.error_page import ErrorPage
from mainstay.model.limits import Limits
from mainstay.model.redirect import Redirect
from mainstay.model.tls import Tls


class Route(msgspec.Struct, frozen=True):
    """A rule of the edge: requests whose path starts with `path`, and whose host is `host` if set, go to `service`.

    The host `*.shop.example` matches every name with exactly one label in place of `*`.
    """

    path: str
    service: str
    host: str = ""
    listen: int = 0
    """The port of the route's own front door; 0: the edge's."""
    strip: bool = False
    """Whether the service gets the path without the route's path."""
    assets_s: int = 0
    """Seconds for which clients may keep the static files of the route; 0: it has none."""


class Edge(msgspec.Struct, frozen=True):
    """The front door and its settings. `http` 0: a free port is chosen once and then kept. Times in seconds."""

    http: int = 8080
    routes: tuple[Route, ...] = ()
    address: str = "0.0.0.0"
    answer_s: float = 60.0
    """Timeout for the begin of a response."""
    body_s: float = 30.0
    """Timeout for a request's body, or for its first 16 KB if it is larger."""
    tunnel_s: float = 3600.0
    """Time for which a stream, such as a WebSocket, may be idle."""
    release_header: bool = False
    """Whether responses name the release that made them, in `X-Mainstay-Release`."""
    headers: tuple[tuple[str, str], ...] = ()
    """Response headers of the front doors; each replaces the service's header of that name."""
    cors: Cors | None = None
    """None: the service's own CORS headers pass."""
    compress: bool = False
    pages: tuple[ErrorPage, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    https: int | None = None
    """The port of https; 0: a free one is chosen once and then kept; None: no https."""
    tls: Tls | None = None
    limits: Limits = Limits()
    trusted_proxies: tuple[str, ...] = ()
    """Networks (`10.0.0.0/8`) of proxies whose X-Forwarded-For is believed."""
    preview_routes: tuple[Route, ...] = ()
    """The routes of the preview door while a release changes routes; empty: `routes`."""
    awaited: tuple[str, ...] = ()
    """Services whose routes match only while an instance has traffic: a release adds them in place of other routes."""

    def https_port(self, allocated: Mapping[str, int]) -> int | None:
        """Return the port of https; None without TLS, or while the free port is not yet in *allocated*."""
        if self.tls is None or self.https is None:
            return None
        return self.https or allocated.get("edge-https")

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that the routes and redirects of the main front door name, in their order, each once."""
        routes = (route.host for route in self.routes if route.listen in {0, self.http})
        return tuple(dict.fromkeys(filter(None, (*routes, *(redirect.host for redirect in self.redirects)))))

    @property
    def bridged(self) -> frozenset[str]:
        """The services whose static files are bridged between two releases."""
        return frozenset(route.service for route in self.routes if route.assets_s)

    @property
    def ports(self) -> frozenset[int]:
        """The ports of all front doors, without those that Mainstay chooses."""
        return frozenset({self.http, self.https or 0, *(route.listen for route in self.routes)} - {0})
