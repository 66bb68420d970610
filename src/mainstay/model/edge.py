"""The edge: its front door (public port) and its routes."""

import msgspec


class Route(msgspec.Struct, frozen=True):
    """Forwards requests whose path starts with `path`, and whose host is `host` if set, to `service`."""

    path: str
    service: str
    host: str = ""
    listen: int = 0
    """The port of the route's own front door; 0: the edge's."""


class Edge(msgspec.Struct, frozen=True):
    """The front door and its settings. `http` 0: a free port is chosen once and then kept. Times in seconds."""

    http: int = 8080
    routes: tuple[Route, ...] = ()
    address: str = "0.0.0.0"
    answer_s: float = 60.0
    body_s: float = 30.0
    """Timeout for a request's body, or for its first 16 KB if it is larger."""
    tunnel_s: float = 3600.0
    release_header: bool = False
