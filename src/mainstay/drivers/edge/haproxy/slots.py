"""Compute which instance has which slot of the edge, and its share of the traffic. Pure functions."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Literal

import msgspec

from mainstay.drivers.machine.state.desired import Desired, Identity
from mainstay.model import Shares
from mainstay.system.processes import LOOPBACK

NOWHERE = f"{LOOPBACK}:1"
"""The address of an empty slot."""

HEAVIEST = 256
"""HAProxy's weights go from 0 to 256."""


class Slot(msgspec.Struct, frozen=True):
    """The desired state of one server in a service's backend, and the instance it is for.

    ready: receives new requests by `weight` · drain: finishes its requests, receives no new ones · maint: empty, no
    address.
    """

    service: str
    number: int
    """Counts from 1."""
    release: int = 0
    address: str = ""
    """`127.0.0.1:PORT`; empty in maint."""
    weight: int = 0
    state: Literal["ready", "drain", "maint"] = "maint"
    share: float = 0.0
    """Percent of the service's traffic that `weight` stands for."""
    instance: str = ""

    @property
    def server(self) -> str:
        """Its HAProxy server name, unique across all services, since one map leads from server names to releases."""
        return f"{self.service}.s{self.number}"


def slots(desired: Desired, ready: Collection[str], accepting: Collection[str] = ()) -> tuple[Slot, ...]:
    """Return the desired state of every slot of every service, given the instances that are *ready*.

    Only ready instances receive shares: when a revision has none, the other revisions take its share. When no revision
    has a ready instance, those *accepting* connections receive requests, since a late response is better than a refused
    request. Not so while a run observes a release, since a bad release would then seem good. An instance with a slot
    and no share keeps the slot in drain, so that one command returns traffic to it.
    """
    if desired.edge is None:
        return ()
    return tuple(
        slot
        for service, count in sorted(desired.slots.items())
        for slot in _of_service(desired, service, count, ready, () if desired.lease else accepting)
    )


def weights(shares: Mapping[str, float]) -> dict[str, int]:
    """Return integer weights in proportion to *shares*, as exactly as HAProxy's range allows.

    A share above 0 gets a weight of at least 1.
    """
    heaviest = max(shares.values(), default=0.0)
    if heaviest <= 0:
        return {}
    scaled = (
        {name: max(1, round(share * top / heaviest)) for name, share in shares.items() if share > 0}
        for top in range(HEAVIEST, 0, -1)
    )
    return min(scaled, key=lambda weights: _error(weights, shares))


def _of_service(
    desired: Desired, service: str, count: int, ready: Collection[str], accepting: Collection[str]
) -> list[Slot]:
    holders = {i.slot: (name, i) for name, i in desired.instances.items() if i.service == service and i.slot and i.port}
    percent = desired.traffic.get(service, {}) if desired.started else {}
    shares = _per_instance(percent, holders, ready) or _per_instance(percent, holders, accepting)
    weight = weights(shares)
    return [_slot(service, number, holders.get(number), weight, shares) for number in range(1, count + 1)]


def _per_instance(
    shares: Shares, holders: Mapping[int, tuple[str, Identity]], ready: Collection[str]
) -> dict[str, float]:
    serving = {
        name: identity.release
        for name, identity in holders.values()
        if name in ready and not identity.leaving and shares.get(identity.release, 0) > 0
    }
    capacity = Counter(serving.values())
    whole = sum(shares[release] for release in capacity)
    return {name: 100 * shares[release] / whole / capacity[release] for name, release in serving.items()}


def _slot(
    service: str,
    number: int,
    holder: tuple[str, Identity] | None,
    weight: Mapping[str, int],
    shares: Mapping[str, float],
) -> Slot:
    if holder is None:
        return Slot(service, number)
    name, identity = holder
    return Slot(
        service,
        number,
        release=identity.release,
        address=f"{LOOPBACK}:{identity.port}",
        weight=weight.get(name, 0),
        state="ready" if name in weight else "drain",
        share=shares.get(name, 0.0),
        instance=name,
    )


def _error(weights: Mapping[str, int], shares: Mapping[str, float]) -> float:
    weight, share = sum(weights.values()), sum(shares.values())
    return round(max(abs(weights[name] / weight - shares[name] / share) for name in weights), 9)
