"""The order in which the traffic of several services moves.

If every service moves in one switch, no request meets a callee older than its caller; a stage that splits traffic
mixes old and new revisions.
"""

from collections.abc import Mapping

from mainstay.model import ReleaseNumber, Shift, Shifts, Traffic
from mainstay.model.call_graph import Calls, Layers, callees_first, callers_first

Leaving = Mapping[str, Mapping[ReleaseNumber, float]]
"""Per service, the revisions that may have requests in flight, and for how many seconds these may take (`drain`)."""


def to_newer(traffic: Traffic, calls: Calls) -> Shifts:
    """Return a deploy's shifts to *traffic*, callees first. Old callers work with newer callees, so no shift waits."""
    return tuple(Shift(part) for part in _parts(traffic, callees_first(calls, traffic)))


def to_older(traffic: Traffic, calls: Calls, leaving: Leaving) -> Shifts:
    """Return the shifts to *traffic* in a rollback, or when traffic ends: callers first.

    A shift drains those *leaving* revisions that lose all traffic and call a service that a later shift changes.
    """
    parts = _parts(traffic, callers_first(calls, traffic))
    shifts = []
    for number, part in enumerate(parts):
        later = {name for each in parts[number + 1 :] for name in each}
        drains = {
            name: {revision: limit for revision, limit in leaving.get(name, {}).items() if revision not in shares}
            for name, shares in part.items()
            if calls[name] & later
        }
        shifts.append(Shift(part, {name: revisions for name, revisions in drains.items() if revisions}))
    return tuple(shifts)


def _parts(traffic: Traffic, layers: Layers) -> list[Traffic]:
    return [{name: traffic[name] for name in layer} for layer in layers]
