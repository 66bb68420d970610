"""An HTTP request to a system, and the response."""

from typing import Literal

import msgspec

EntranceName = Literal["front", "preview", "replaced"]
"""Where a request enters. front: the public front door · preview: the preview door, which leads to new revisions ·
replaced: the preview door, but leading to the revisions that the new ones replace."""


class HttpRequest(msgspec.Struct, frozen=True):
    """A request to one of the system's doors."""

    method: str
    path: str
    """The path with its query, percent-encoded."""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    host: str = ""
    """The Host header; empty: the address of the door."""
    within_s: float = 10.0
    """Seconds until the response must be complete."""


class HttpResponse(msgspec.Struct, frozen=True):
    """A complete response. Redirects are not followed."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Pairs of name and value, with the names in lower case."""
    body: bytes
    took_s: float
