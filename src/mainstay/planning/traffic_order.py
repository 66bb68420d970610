"""The order in which the traffic of several services moves.

If every service moves in one switch, no request meets a callee older than its caller; a stage that splits traffic
mixes old and new revisions.
"""

from collections.abc import Mapping

from mainstay.model import ReleaseNumber, Shift, Shifts, Traffic
from mainstay.model.call_graph import Calls, Layers, callees_first, callers_first

DrainLimits = Mapping[str, Mapping[ReleaseNumber, float]]
"""Per service and revision that may have requests in flight, the seconds that these may take to finish (`drain`)."""


def shifts_callees_first(traffic: Traffic, calls: Calls) -> Shifts:
    """Return a deploy's shifts to *traffic*. Old callers work with newer callees, so no shift waits for a drain."""
    return tuple(Shift(layer) for layer in _by_layer(traffic, callees_first(calls, traffic)))


def shifts_callers_first(traffic: Traffic, calls: Calls, limits: DrainLimits) -> Shifts:
    """Return the shifts to *traffic* in a rollback, or when traffic ends.

    A shift drains those revisions in *limits* that lose all traffic and call a service that a later shift changes.
    """
    layers = _by_layer(traffic, callers_first(calls, traffic))
    shifts = []
    for number, layer in enumerate(layers):
        later = {name for each in layers[number + 1 :] for name in each}
        drains = {
            name: {revision: limit for revision, limit in limits.get(name, {}).items() if revision not in shares}
            for name, shares in layer.items()
            if calls[name] & later
        }
        shifts.append(Shift(layer, {name: revisions for name, revisions in drains.items() if revisions}))
    return tuple(shifts)


def _by_layer(traffic: Traffic, layers: Layers) -> list[Traffic]:
    return [{name: traffic[name] for name in layer} for layer in layers]
