"""Cross-origin requests (CORS): what the edge allows to pages of other origins."""

import msgspec


class Cors(msgspec.Struct, frozen=True):
    """What web pages of `origins` may do. `*`, as the only origin, means every origin."""

    origins: tuple[str, ...]
    methods: tuple[str, ...] = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
    headers: tuple[str, ...] = ("Authorization", "Content-Type")
    """Request headers that a page may set."""
    expose: tuple[str, ...] = ()
    """Response headers that a page may read."""
    credentials: bool = False
    """Whether a page may send cookies and authentication."""
    max_age_s: float = 600.0
    """Seconds for which a browser may keep the response to a preflight request."""
