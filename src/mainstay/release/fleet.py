"""Fleet and traffic: what runs, who serves, and a stage on the way from one to another."""

import msgspec

from mainstay.release.spec import Spec

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


class UnlessRenewed(msgspec.Struct, frozen=True):
    """Traffic that goes to `then` by itself when the run that watches is not heard for `within_s` seconds."""

    within_s: float
    then: Traffic


class Stage(msgspec.Struct, frozen=True):
    """A state of replicas and traffic on the way from old to new, and the state to return to from there."""

    replicas: dict[str, dict[ReleaseNumber, int]]
    traffic: Traffic
    back: Traffic
    hold_s: float = 0.0
