"""Compression of responses at a front door."""

from mainstay.drivers.edge.haproxy.config.syntax import lines

TYPES = (
    "text/html",
    "text/css",
    "text/plain",
    "text/csv",
    "text/xml",
    "text/javascript",
    "application/javascript",
    "application/json",
    "application/problem+json",
    "application/ld+json",
    "application/manifest+json",
    "application/xml",
    "application/wasm",
    "image/svg+xml",
)
"""Event streams are left out: an event must not wait in the compressor."""


def compression(*, on: bool) -> str:
    """Return the rules that compress text for clients that accept gzip.

    HAProxy leaves out responses that are encoded already, that forbid it (`no-transform`), and all but 200 to 203. It
    chooses before any rule for responses runs, so no rule can leave out small bodies. HAProxy 2.8 has no setting for
    the smallest size.
    """
    if not on:
        return ""
    return lines("filter compression", "compression algo gzip", f"compression type {' '.join(TYPES)}")
