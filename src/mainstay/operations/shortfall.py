"""How many instances of a service are missed: what is to run, less what does, less what a run has just begun."""

from collections.abc import Iterable

from mainstay.model import Instance, Members, Shares


def missed(wanted: Members, shares: Shares, instances: Iterable[Instance], *, carried: bool) -> int:
    """How many of *wanted* are not ready. *carried*: a run goes on that watches over what it starts.

    Then a revision counts only once it serves, unless nobody serves: a worker, or a first release. And whoever starts
    for the first time is not late yet.
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
