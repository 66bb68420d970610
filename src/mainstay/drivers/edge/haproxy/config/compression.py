"""Render the rules that compress responses at a front door."""

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
"""The content types that are compressed. Event streams are not, because an event must not wait in the compressor."""


def compression(*, on: bool) -> str:
    """Return the rules that compress text for clients that accept gzip; empty unless *on*.

    HAProxy compresses only responses with a status from 200 to 203, that are not encoded already and do not forbid it
    (`no-transform`). It decides before any rule for responses runs, so no rule can exclude small bodies, and HAProxy
    2.8 has no setting for a minimum size.
    """
    if not on:
        return ""
    return lines("filter compression", "compression algo gzip", f"compression type {' '.join(TYPES)}")
