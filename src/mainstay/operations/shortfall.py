"""Replica shortfall of a service: desired instances minus ready ones and those that a run has just started."""

from collections.abc import Iterable

from mainstay.model import Instance, Members, Shares


def shortfall(wanted: Members, shares: Shares, instances: Iterable[Instance], *, carried: bool) -> int:
    """Return how many instances of *wanted* are not ready. *carried*: a run is in progress and watches its instances.

    During a run, a revision counts only once it receives traffic, unless no revision does (a worker, or a first
    release). An instance that is starting for the first time then counts as ready.
    """
    found = list(instances)
    count = 0
    for release, member in wanted.items():
        if carried and shares and not shares.get(release):
            continue
        here = sum(one.release == release and (one.healthy or (carried and _young(one))) for one in found)
        count += max(0, member.count - here)
    return count


def _young(one: Instance) -> bool:
    return one.state == "starting" and one.restarts == 0
