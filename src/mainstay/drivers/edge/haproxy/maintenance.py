"""Compute the entries of HAProxy's maps for maintenance, and the commands that change maps without a reload. Pure."""

import base64
import html
from collections.abc import Iterable, Mapping

from mainstay.drivers.edge.haproxy.config.maintenance import ALLOWED, HEALTH, MAINTENANCE
from mainstay.drivers.edge.haproxy.config.pages import plain
from mainstay.model.maintenance import Maintenance

Maps = Mapping[str, Mapping[str, str]]
"""The keys and values of maps, by the name of each map's file."""
EVERYONE = ("0.0.0.0/0", "::/0")
"""The networks of all IPv4 and of all IPv6 clients."""


def maintenance_maps(wanted: Maintenance | None, health: Iterable[str] = ()) -> Maps:
    """Return the entries of the maps `HEALTH` and `MAINTENANCE`; both are empty when *wanted* is None.

    *health* are the paths that are served during maintenance too. HAProxy uses the entry of the most specific network
    of a client, so an allowed network takes precedence over the entries for `EVERYONE`.
    """
    if wanted is None:
        return {HEALTH: {}, MAINTENANCE: {}}
    page = base64.b64encode(plain(503, html.escape(wanted.message)).encode()).decode()
    # A network of all addresses in `allow` replaces the entry that refuses everyone.
    networks = dict.fromkeys(EVERYONE, page) | dict.fromkeys(wanted.allow, ALLOWED)
    return {HEALTH: dict.fromkeys(sorted(health), "1"), MAINTENANCE: networks}


def map_file(entries: Mapping[str, str]) -> str:
    """Return the content of the file from which a new worker loads a map with *entries*."""
    return "".join(f"{key} {value}\n" for key, value in entries.items())


def map_commands(wanted: Maps, now: Maps) -> list[str]:
    """Return the commands that change the maps from *now* to *wanted*.

    While HAProxy executes them in this order, it never refuses an allowed client or a health path.
    """
    added = [(name, *entry) for name, entries in wanted.items() for entry in _lenient_first(entries)]
    removed = [(name, *entry) for name, entries in now.items() for entry in _lenient_first(entries)]
    return [
        *(_set(name, key, value, now[name]) for name, key, value in added if now[name].get(key) != value),
        *(f"del map {name} {key}" for name, key, _ in reversed(removed) if key not in wanted[name]),
    ]


def _lenient_first(entries: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(entries.items(), key=lambda entry: entry[0] in EVERYONE)


def _set(name: str, key: str, value: str, now: Mapping[str, str]) -> str:
    return f"{'set' if key in now else 'add'} map {name} {key} {value}"
