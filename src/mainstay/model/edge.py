"""The edge: its front door (public port) and its routes."""

from collections.abc import Mapping

import msgspec

from mainstay.model.cors import Cors
from mainstay.model.error_page import ErrorPage
from mainstay.model.limits import Limits
from mainstay.model.redirect import Redirect
from mainstay.model.tls import Tls


class Route(msgspec.Struct, frozen=True):
    """A rule of the edge: requests for `path` or a path below it, and for `host` if set, go to `service`.

    The host `*.shop.example` matches every name with exactly one label in place of `*`.
    """

    path: str
    service: str
    host: str = ""
    listen: int = 0
    """The port of the front door that the route belongs to; 0: the main front door."""
    strip: bool = False
    """Whether the edge removes `path` from the start of a request's path before the service gets the request."""
    assets_s: int = 0
    """Seconds for which clients may cache the static files of the route; 0: the route has no static files."""


class Edge(msgspec.Struct, frozen=True):
    """The front door and its settings. Times in seconds."""

    http: int = 8080
    """The port of the main front door; 0: a free port is chosen once and then kept."""
    routes: tuple[Route, ...] = ()
    address: str = "0.0.0.0"
    answer_s: float = 60.0
    """Timeout for the start of a response."""
    body_s: float = 30.0
    """Timeout for a request's body, or for its first 16 KB if it is larger."""
    tunnel_s: float = 3600.0
    """Time for which a stream, such as a WebSocket, may be idle."""
    release_header: bool = False
    """Whether responses name the release that made them, in `X-Mainstay-Release`."""
    headers: tuple[tuple[str, str], ...] = ()
    """Response headers of the front doors; each replaces the service's header of that name."""
    cors: Cors | None = None
    """The cross-origin requests that the edge allows; None: the edge passes on the service's own CORS headers."""
    compress: bool = False
    pages: tuple[ErrorPage, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    https: int | None = None
    """The port of https; 0: a free port is chosen once and then kept; None: no https."""
    tls: Tls | None = None
    limits: Limits = Limits()
    trusted_proxies: tuple[str, ...] = ()
    """Networks (`10.0.0.0/8`) of proxies whose X-Forwarded-For is believed."""
    preview_routes: tuple[Route, ...] = ()
    """The routes of the preview door while a deploy changes routes; empty: the same as `routes`."""
    awaited: tuple[str, ...] = ()
    """New services whose routes match only while an instance can handle requests. Until then, an existing broader
    route gets these requests."""

    def https_port(self, allocated: Mapping[str, int]) -> int | None:
        """Return the port of https; None without https, or while no free port has been chosen for it.

        *allocated*: the ports that the target has chosen, by name.
        """
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
        """Services with static files: while two releases run, the edge gets a file that one lacks from the other."""
        return frozenset(route.service for route in self.routes if route.assets_s)

    @property
    def ports(self) -> frozenset[int]:
        """The ports of all front doors, without those that Mainstay chooses."""
        return frozenset({self.http, self.https or 0, *(route.listen for route in self.routes)} - {0})
