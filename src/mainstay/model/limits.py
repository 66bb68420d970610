"""Limits on what clients of the front door may send."""

import msgspec

LONGEST_HEADERS = 10_240
"""The highest limit on the headers of a request, in bytes; also their limit when only the size of bodies is limited."""


class Rate(msgspec.Struct, frozen=True):
    """At most `requests` in a window of `window_s` seconds, which begins with the first of them."""

    requests: int
    window_s: int


class Limits(msgspec.Struct, frozen=True):
    """Limits on requests from outside. None: no limit."""

    body_bytes: int | None = None
    headers_bytes: int | None = None
    connections: int | None = None
    """Open connections of one client."""
    per_client: Rate | None = None
    """The rate of all requests of one client."""
    routes: tuple[tuple[str, Rate], ...] = ()
    """By path, the rate of one client's requests below it, in addition to `per_client`. If several paths match a
    request, only the longest one counts it."""
    exempt: tuple[str, ...] = ()
    """Paths below which no rate applies."""
