"""Limits on what clients of the front door may send."""

import msgspec

LONGEST_HEADERS = 10_240
"""Bytes: the greatest limit on the headers of a request, and the default where its body has a limit."""


class Rate(msgspec.Struct, frozen=True):
    """At most `requests` in a window of `window_s` seconds, which begins with the first of them."""

    requests: int
    window_s: int


class Limits(msgspec.Struct, frozen=True):
    """Limits of requests from outside, in bytes or numbers. None: no limit."""

    body_bytes: int | None = None
    headers_bytes: int | None = None
    connections: int | None = None
    """Open connections of one client."""
    per_client: Rate | None = None
    """The rate of all requests of one client."""
    routes: tuple[tuple[str, Rate], ...] = ()
    """Rates of the requests of one client below a path, in addition; the longest path that matches counts."""
    exempt: tuple[str, ...] = ()
    """Paths below which no rate applies."""
