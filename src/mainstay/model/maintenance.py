"""Maintenance: the front doors answer 503, except to allowed clients and on health paths."""

import msgspec


class Maintenance(msgspec.Struct, frozen=True):
    """Maintenance that is on, and who turned it on."""

    message: str = ""
    """The text of the maintenance page; empty: a default sentence."""
    allow: tuple[str, ...] = ()
    """Networks (`10.0.0.0/8`) whose clients pass as usual."""
    by: str = ""
    """The user who turned it on."""
    since: str = ""
    """When it was turned on, in UTC, as `2026-11-27T15:00:00+00:00`."""
