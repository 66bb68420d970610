"""The order of a rollout: layers of services, callees first or callers first, from which service calls which."""

from collections.abc import Iterable, Mapping

from mainstay.model import ServiceRelease

Layers = tuple[tuple[str, ...], ...]
Calls = dict[str, frozenset[str]]
"""Per service, the services that it calls, directly or through others."""


def calls_between(releases: Iterable[Mapping[str, ServiceRelease]], chosen: Iterable[str]) -> Calls:
    """Return the calls among the *chosen* services that occur in any of *releases*."""
    direct: dict[str, set[str]] = {}
    for services in releases:
        for name, each in services.items():
            direct.setdefault(name, set()).update(each.needs)
    wanted = frozenset(chosen)
    return {name: (_reached(direct, name) & wanted) - {name} for name in sorted(wanted)}


def callees_first(calls: Calls, chosen: Iterable[str] | None = None) -> Layers:
    """Return the *chosen* services, or all, in layers: a service comes after all that it calls.

    Services that call each other in a circle share a layer.
    """
    left = set(calls if chosen is None else chosen)
    layers: list[tuple[str, ...]] = []
    while left:
        # All remaining callees of such a service call it as well, so they form a circle.
        layer = {name for name in left if all(name in calls[callee] for callee in calls[name] & left)}
        layers.append(tuple(sorted(layer)))
        left -= layer
    return tuple(layers)


def callers_first(calls: Calls, chosen: Iterable[str] | None = None) -> Layers:
    """Return the *chosen* services, or all, in layers: a service comes before all that it calls."""
    callers: Calls = {name: frozenset(caller for caller in calls if name in calls[caller]) for name in calls}
    return callees_first(callers, chosen)


def _reached(direct: Mapping[str, set[str]], name: str) -> frozenset[str]:
    found: set[str] = set()
    ahead = set(direct.get(name, ()))
    while ahead:
        found |= ahead
        ahead = {callee for each in ahead for callee in direct.get(each, ())} - found
    return frozenset(found)
