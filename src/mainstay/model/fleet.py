"""Fleet and traffic: the revisions to run, their shares of requests, and the stages between two releases."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from mainstay.model.workload import Workload

ReleaseNumber = int

ROUNDING = 1e-6
"""The largest deviation of a sum from 100, in percentage points, that counts as rounding."""


class Revision(NamedTuple):
    """`web@41`: the service *web* as release 41 introduced it; later releases may keep this revision."""

    service: str
    release: ReleaseNumber

    def __str__(self) -> str:
        return f"{self.service}@{self.release}"


class Member(msgspec.Struct, frozen=True):
    """A revision in a fleet: its workload, its number of replicas, and its version as displayed."""

    workload: Workload
    count: int
    version: str


Members = dict[ReleaseNumber, Member]

Fleet = dict[str, Members]
"""Per service, the revisions to run. A request to the target replaces all revisions of each service that it names;
other services are unchanged."""

Shares = dict[ReleaseNumber, float]
"""Percent of a service's requests (0 to 100) for each of its revisions."""

Traffic = dict[str, Shares]
"""Per service, the percentage of requests for each revision. Sums to 100, or is empty when no revision is live."""


class Shift(msgspec.Struct, frozen=True):
    """One change of traffic, for services that change together.

    Shifts are ordered: a target applies the next one once this one is applied and drained.
    """

    traffic: Traffic
    drain_s: dict[str, dict[ReleaseNumber, float]] = {}
    """Per service and revision, the drain timeout: the most seconds for which the next shift waits until the revision
    has no request in flight. Contains revisions that lose all traffic in this shift and may still call a service that a
    later shift changes."""


Shifts = tuple[Shift, ...]


def end_of(shifts: Iterable[Shift]) -> Traffic:
    """Return the traffic after all *shifts*, for the services that they change."""
    traffic: Traffic = {}
    for shift in shifts:
        traffic |= shift.traffic
    return traffic


def unbalanced(traffic: Traffic) -> Iterator[str]:
    """Yield a sentence for each service with percentages that include a negative one or do not sum to 100."""
    for service, shares in traffic.items():
        if shares and (any(share < 0 for share in shares.values()) or abs(sum(shares.values()) - 100) > ROUNDING):
            yield f"the traffic of {service} sums to {sum(shares.values()):g} %"


def without_capacity(traffic: Traffic, fleet: Mapping[str, Collection[ReleaseNumber]]) -> Iterator[str]:
    """Yield a sentence for each revision that receives traffic but is not in *fleet*."""
    for service, shares in traffic.items():
        for release, share in shares.items():
            if share > 0 and release not in fleet.get(service, ()):
                yield f"{Revision(service, release)} receives traffic but is not in the fleet"


class TrafficLease(msgspec.Struct, frozen=True):
    """A run's lease on traffic: after `within_s` seconds without the run's heartbeat, the target applies `then`."""

    within_s: float
    then: Shifts


class Stage(msgspec.Struct, frozen=True):
    """The replicas and traffic of one stage of a rollout, and the traffic to which an undo reverts the stage."""

    replicas: dict[str, dict[ReleaseNumber, int]]
    traffic: Traffic
    revert_to: Traffic
    hold_s: float = 0.0
    """Seconds for which the run observes the stage."""
