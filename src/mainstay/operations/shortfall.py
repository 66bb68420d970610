"""Replica shortfall of a service: desired instances minus ready ones and those that a run has just started."""

from collections.abc import Iterable

from mainstay.model import Instance, Members, Shares


def shortfall(wanted: Members, shares: Shares, instances: Iterable[Instance], *, in_run: bool) -> int:
    """Return how many instances of *wanted* are not ready. *in_run*: a run is in progress and watches its instances.

    During a run, a revision counts only once it receives traffic, unless no revision does (a worker, or a first
    release). An instance that is starting for the first time then counts as ready.
    """
    found = list(instances)
    count = 0
    for release, member in wanted.items():
        if in_run and shares and not shares.get(release):
            continue
        mine = (one for one in found if one.release == release)
        counted = sum(one.healthy or (in_run and one.state == "starting" and one.restarts == 0) for one in mine)
        count += max(0, member.count - counted)
    return count
