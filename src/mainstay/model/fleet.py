"""Fleet and traffic: what runs, which revisions receive requests, and a stage between two releases."""

from collections.abc import Iterable

import msgspec

from mainstay.model.workload import Spec

ReleaseNumber = int


class Member(msgspec.Struct, frozen=True):
    """A revision in a fleet: what to run, how many, and the version people know it by."""

    spec: Spec
    count: int
    version: str


Members = dict[ReleaseNumber, Member]

Fleet = dict[str, Members]
"""Per service, what is to run. A request names whole services: what it does not name stays."""

Shares = dict[ReleaseNumber, float]

Traffic = dict[str, Shares]
"""Per service, the percentage that each revision receives; sums to 100, or is empty where nothing serves."""


class Shift(msgspec.Struct, frozen=True):
    """One change of traffic, for services that change together.

    Several shifts make an order: a target applies the next one once this one is applied and drained.
    """

    traffic: Traffic
    drain_s: dict[str, dict[ReleaseNumber, float]] = {}
    """Per service, the revisions that lose their traffic here and may still call what the next shift changes: the
    next shift waits until they have no request in flight, at most this many seconds."""


Shifts = tuple[Shift, ...]


def end_of(shifts: Iterable[Shift]) -> Traffic:
    """Return the traffic after all *shifts*, for the services that they name."""
    traffic: Traffic = {}
    for shift in shifts:
        traffic |= shift.traffic
    return traffic


class UnlessRenewed(msgspec.Struct, frozen=True):
    """The lease of a run on traffic: without its heartbeat for `within_s` seconds the target applies `then`."""

    within_s: float
    then: Shifts


class Stage(msgspec.Struct, frozen=True):
    """A state of replicas and traffic on the way from old to new, and the state to return to from there."""

    replicas: dict[str, dict[ReleaseNumber, int]]
    traffic: Traffic
    back: Traffic
    hold_s: float = 0.0
