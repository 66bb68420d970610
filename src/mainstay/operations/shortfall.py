"""Compute the replica shortfall of a service: desired instances that are neither ready nor just started by a run."""

from collections.abc import Iterable

from mainstay.model import Instance, Members, Shares


def shortfall(wanted: Members, shares: Shares, instances: Iterable[Instance], *, in_run: bool) -> int:
    """Return how many instances of a service are desired (*wanted*) but not ready, over all revisions.

    *shares*: the percentage of requests that each revision receives; empty for a worker or a first release. *in_run*:
    a run is unfinished; then instances that start for the first time count as ready, and revisions without traffic are
    left out, unless no revision has traffic.
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
