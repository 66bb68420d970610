"""The edge: the front door and its routes."""

import msgspec


class Route(msgspec.Struct, frozen=True):
    """Requests whose path starts with `path` (and whose host is `host`, when named) go to `service`."""

    path: str
    service: str
    host: str = ""
    listen: int = 0
    """A front door of its own; 0: the edge's."""


class Edge(msgspec.Struct, frozen=True):
    """The front door. `http` 0 takes a free port, which is then kept. Times in seconds."""

    http: int = 8080
    routes: tuple[Route, ...] = ()
    address: str = "0.0.0.0"
    answer_s: float = 60.0
    body_s: float = 30.0
    """A request's body, or its first 16 KB, must have arrived after so long."""
    tunnel_s: float = 3600.0
    release_header: bool = False
    slots: dict[str, int] = {}
    """Per service with a port, how many slots its backend has: 3 × the most replicas."""
