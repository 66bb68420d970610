"""Order services by the calls between them, in layers: callees first, or callers first."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from mainstay.model.release import ServiceRelease

Layers = tuple[tuple[str, ...], ...]
"""Services in order. Services of one layer do not call each other, except in a circle."""
Links = Mapping[str, Iterable[str]]
"""Per service, the services that it calls directly."""
Calls = dict[str, frozenset[str]]
"""Per service, the services that it calls, directly or through others."""


def calls_between(releases: Iterable[Mapping[str, ServiceRelease]], chosen: Iterable[str]) -> Calls:
    """Return the calls among the *chosen* services that occur in any of *releases*."""
    direct: dict[str, set[str]] = {}
    for services in releases:
        for name, each in services.items():
            direct.setdefault(name, set()).update(each.needs)
    return _transitive(direct, chosen)


def callees_first(calls: Calls, chosen: Iterable[str] | None = None) -> Layers:
    """Return the *chosen* services, or all, in layers: a service comes after all that it calls.

    Services that call each other in a circle share a layer.
    """
    names = frozenset(calls if chosen is None else chosen)
    return _layers({name: {callee for callee in calls[name] & names if name not in calls[callee]} for name in names})


def callers_first(calls: Calls, chosen: Iterable[str] | None = None) -> Layers:
    """Return the *chosen* services, or all, in layers: a service comes before all that it calls.

    Services that call each other in a circle share a layer.
    """
    callers: Calls = {name: frozenset(caller for caller in calls if name in calls[caller]) for name in calls}
    return callees_first(callers, chosen)


def in_order(links: Links, optional: Links) -> tuple[str, ...]:
    """Return the services in *links*, callees first; *optional* links count too, except those in a circle.

    Raises CycleError when *links* alone have a circle.
    """
    both = {name: {*links[name], *optional[name]} & links.keys() for name in links}
    calls = _transitive(both, links)
    kept = {name: {to for to in both[name] if to in links[name] or name not in calls.get(to, ())} for name in both}
    return tuple(name for layer in _layers(kept) for name in layer)


def circle(links: Links) -> tuple[str, ...]:
    """Return a circle in *links*: each service calls the next, the last is the first again; empty: there is none."""
    try:
        _layers(links)
    except CycleError as error:
        # graphlib names each service before those that call it.
        return tuple(reversed(error.args[1]))
    return ()


def _transitive(links: Links, names: Iterable[str]) -> Calls:
    """Return the calls among *names*, direct ones and those through any service of *links*."""
    wanted = frozenset(names)
    return {name: (_reached(links, name) & wanted) - {name} for name in sorted(wanted)}


def _layers(links: Links) -> Layers:
    sorter = TopologicalSorter(links)
    sorter.prepare()
    layers: list[tuple[str, ...]] = []
    while layer := sorter.get_ready():
        layers.append(tuple(sorted(layer)))
        sorter.done(*layer)
    return tuple(layers)


def _reached(links: Links, name: str) -> frozenset[str]:
    found: set[str] = set()
    ahead = set(links.get(name, ()))
    while ahead:
        found |= ahead
        ahead = {callee for each in ahead for callee in links.get(each, ())} - found
    return frozenset(found)
