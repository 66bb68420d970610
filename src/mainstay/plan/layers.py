"""Layers: services in the order of their calls, callees first; those that call each other share a layer."""

from collections.abc import Iterable, Mapping

from mainstay.release import ServiceRelease

Layers = tuple[tuple[str, ...], ...]


def layers_of(services: Mapping[str, ServiceRelease], chosen: Iterable[str]) -> Layers:
    """The *chosen* services in layers, callees first; what stands in one layer may act side by side."""
    left = set(services)
    found: list[tuple[str, ...]] = []
    while left:
        free = {name for name in left if not left & set(services[name].needs) - {name}}
        # Services that only know each other's address may form a circle: they go together.
        layer = free or left
        found.append(tuple(sorted(layer)))
        left = left - layer
    wanted = set(chosen)
    kept = (tuple(name for name in layer if name in wanted) for layer in found)
    return tuple(layer for layer in kept if layer)
