"""Compute which instance has which slot of the edge, and its share of the traffic. Pure functions."""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from mainstay.drivers.edge.haproxy.replies import Server, State
from mainstay.model import Edge, Shares, Traffic
from mainstay.system.ports import LOOPBACK

NOWHERE = f"{LOOPBACK}:1"
"""The address of an empty slot."""

MAX_WEIGHT = 256
"""HAProxy's weights go from 0 to 256."""


class Upstream(msgspec.Struct, frozen=True):
    """An instance to which HAProxy may send requests."""

    service: str
    release: int
    slot: int | None = None
    """Counts from 1 within the service's backend; None: HAProxy sends it no requests."""
    port: int | None = None
    ready: bool = False
    """May receive a share of the traffic."""
    accepting: bool = False
    """May receive requests when no instance of its service is ready."""


class DesiredEdge(msgspec.Struct, frozen=True):
    """The desired state of HAProxy."""

    edge: Edge | None = None
    """None: HAProxy does not run."""
    slots: Mapping[str, int] = {}
    """The number of slots of each service with a port."""
    ports: Mapping[str, int] = {}
    """The allocated ports: `listener:SERVICE` for internal addresses, and `edge` if `edge.http` is 0."""
    traffic: Traffic = {}
    upstreams: Mapping[str, Upstream] = {}
    """By the instance's id."""
    stopping: bool = False
    """The environment stops, so a HAProxy that does not run is not started."""


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
    state: State = "maint"
    share: float = 0.0
    """The percentage of the service's traffic that `weight` expresses."""
    instance: str = ""

    @property
    def server(self) -> str:
        """Its HAProxy server name, unique across all services, since one map leads from server names to releases."""
        return f"{self.service}.s{self.number}"


def slots(desired: DesiredEdge) -> tuple[Slot, ...]:
    """Return the desired state of every slot of every service.

    Only ready instances receive shares: when a revision has none, the other revisions take its share. When no revision
    has a ready instance, those that accept connections receive requests, since a late response is better than a refused
    request. An instance with a slot and no share keeps the slot in drain, so that one command returns traffic to it.
    """
    if desired.edge is None:
        return ()
    return tuple(
        slot for service, count in sorted(desired.slots.items()) for slot in _of_service(desired, service, count)
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
        for top in range(MAX_WEIGHT, 0, -1)
    )
    return min(scaled, key=lambda weights: _error(weights, shares))


def actual_traffic(desired: Iterable[Slot], now: Mapping[str, Server], releases: Mapping[str, str]) -> Traffic:
    """Return, per service and release, the percentage of the requests that the servers receive *now*.

    Weights are rounded, so where they are as *desired*, the shares are the desired ones.
    """
    ready = {slot.server: slot for slot in desired if slot.state == "ready"}
    services: dict[str, dict[str, Server]] = {}
    for name, server in now.items():
        if server.receives_requests and int(releases.get(name, 0)):
            services.setdefault(name.rpartition(".s")[0], {})[name] = server
    traffic: Traffic = {}
    for service, serving in services.items():
        wanted = {name: slot.weight for name, slot in ready.items() if slot.service == service}
        as_desired = wanted == {name: server.weight for name, server in serving.items()}
        whole = sum(server.weight for server in serving.values())
        shares: dict[int, float] = {}
        for name, server in serving.items():
            share = ready[name].share if as_desired else 100 * server.weight / whole
            shares[int(releases[name])] = shares.get(int(releases[name]), 0.0) + share
        traffic[service] = {release: round(share, 6) for release, share in sorted(shares.items())}
    return traffic


def _of_service(desired: DesiredEdge, service: str, count: int) -> list[Slot]:
    mine = ((name, one) for name, one in desired.upstreams.items() if one.service == service)
    holders = {one.slot: (name, one) for name, one in mine if one.slot and one.port}
    percent = desired.traffic.get(service, {})
    ready = {name: one.release for name, one in holders.values() if one.ready}
    accepting = {name: one.release for name, one in holders.values() if one.accepting}
    shares = _per_instance(percent, ready) or _per_instance(percent, accepting)
    weight = weights(shares)

    def slot(number: int) -> Slot:
        if number not in holders:
            return Slot(service, number)
        name, one = holders[number]
        state: State = "ready" if name in weight else "drain"
        address = f"{LOOPBACK}:{one.port}"
        return Slot(service, number, one.release, address, weight.get(name, 0), state, shares.get(name, 0.0), name)

    return [slot(number) for number in range(1, count + 1)]


def _per_instance(shares: Shares, releases: Mapping[str, int]) -> dict[str, float]:
    """Divide each release's share among its instances; a release without an instance leaves its share to the others."""
    serving = {name: release for name, release in releases.items() if shares.get(release, 0) > 0}
    capacity = Counter(serving.values())
    whole = sum(shares[release] for release in capacity)
    return {name: 100 * shares[release] / whole / capacity[release] for name, release in serving.items()}


def _error(weights: Mapping[str, int], shares: Mapping[str, float]) -> float:
    weight, share = sum(weights.values()), sum(shares.values())
    return round(max(abs(weights[name] / weight - shares[name] / share) for name in weights), 9)
