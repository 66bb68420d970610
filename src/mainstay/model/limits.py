"""What clients of the front door may send."""

import msgspec

LONGEST_HEADERS = 10_240
"""Bytes; the limit on the headers of a request wherever there is one on its body."""


class Rate(msgspec.Struct, frozen=True):
    """At most `requests` in a window of `window_s` seconds, which begins with the first of them."""

    requests: int
    window_s: int


class Limits(msgspec.Struct, frozen=True):
    """Limits of requests from outside. None: no limit."""

    body_bytes: int | None = None
    headers_bytes: int | None = None
    connections: int | None = None
    """Open connections of one client."""
    per_client: Rate | None = None
    """Of all requests of one client."""
    routes: tuple[tuple[str, Rate], ...] = ()
    """Of the requests of one client below a path, in addition; the longest path that matches counts."""
    exempt: tuple[str, ...] = ()
    """Paths below which no rate applies."""
