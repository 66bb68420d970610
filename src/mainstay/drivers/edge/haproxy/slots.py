"""Compute the desired state of HAProxy's slots from the desired traffic, and the actual traffic from its slots.

A slot is a server entry in a backend of HAProxy. It exists without an instance too, so that an instance can be placed
in it without a reload. Pure functions.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec
from msgspec.structs import replace

from mainstay.drivers.edge.haproxy.desired_edge import DesiredEdge, Upstream
from mainstay.drivers.edge.haproxy.replies import ServerState, State
from mainstay.model import Shares, Traffic
from mainstay.system.ports import LOOPBACK

NOWHERE = f"{LOOPBACK}:1"
"""The address of an empty slot."""

Side = Literal["", "preview", "replaced", "bridged"]
"""One of a service's backends. Empty: the usual one, whose slots share the service's traffic. `preview`, `replaced`:
those behind the preview door, for the previewed revision and for the one that it replaces. `bridged`: the one that is
tried for a static file after the usual backend has responded 404."""
BEHIND_PREVIEW: tuple[Side, ...] = ("preview", "replaced")
SIDES: tuple[Side, ...] = ("", *BEHIND_PREVIEW, "bridged")
_MARKS: dict[Side, str] = {"": "s", "preview": "p", "replaced": "r", "bridged": "b"}

MAX_WEIGHT = 256
"""The largest weight of a server in HAProxy; the smallest is 0."""


class Slot(msgspec.Struct, frozen=True):
    """The desired state of one slot, and the instance in it.

    `state` is ready: the instance receives new requests in proportion to `weight`; drain: the instance finishes its
    requests and receives no new ones; maint: the slot is empty and has no address.
    """

    service: str
    number: int
    """The number of the slot within its backend, from 1."""
    release: int = 0
    address: str = ""
    """`127.0.0.1:PORT`; empty if `state` is maint."""
    weight: int = 0
    state: State = "maint"
    share: float = 0.0
    """The percentage of the service's traffic that `weight` approximates; used only where `side` is empty."""
    instance: str = ""
    side: Side = ""
    """The backend to which the slot belongs."""

    @property
    def backend(self) -> str:
        return backend_of(self.service, self.side)

    @property
    def server(self) -> str:
        """The server's name in HAProxy, unique across backends, because one map has the release of every server."""
        return f"{servers_of(self.service, self.side)}{self.number}"


class Actual(msgspec.Struct, frozen=True):
    """The releases that receive requests now, according to HAProxy."""

    traffic: Traffic = {}
    """The percentage of requests that each release receives, by service."""
    preview: Mapping[str, int] = {}
    """The release behind the preview door, by service; services without a previewed release are missing."""


def backend_of(service: str, side: Side = "") -> str:
    """Return the name of the service's backend on *side* in HAProxy's configuration."""
    return f"{side}:{service}" if side else service


def servers_of(service: str, side: Side = "") -> str:
    """Return the prefix of the names of a backend's servers: `web.s`, to which the number of the slot is added."""
    return f"{service}.{_MARKS[side]}"


def slots(desired: DesiredEdge) -> tuple[Slot, ...]:
    """Return the desired state of every slot of every service.

    Only ready instances receive shares: when a revision has no ready instance, the other revisions take its share. When
    no revision has one, the instances that were ready before receive requests, since a late response is better than a
    refused request. An instance without a share keeps its slot in drain, so that traffic can return to it at once.

    An instance of the previewed or the replaced revision has one more slot of the same number behind the preview door.
    Every instance of a service with bridged static files has one more in the bridge's backend.
    """
    if desired.edge is None:
        return ()
    return tuple(
        slot for service, count in sorted(desired.slots.items()) for slot in _of_service(desired, service, count)
    )


def weights(shares: Mapping[str, float]) -> dict[str, int]:
    """Return integer weights in proportion to *shares*, as exactly as HAProxy's range allows.

    A share above 0 gets a weight of at least 1; a share of 0 is left out.
    """
    heaviest = max(shares.values(), default=0.0)
    if heaviest <= 0:
        return {}
    scaled = (
        {name: max(1, round(share * top / heaviest)) for name, share in shares.items() if share > 0}
        for top in range(MAX_WEIGHT, 0, -1)
    )
    return min(scaled, key=lambda weights: _error(weights, shares))


def actual(desired: Iterable[Slot], now: Mapping[str, ServerState], releases: Mapping[str, str]) -> Actual:
    """Return which releases receive requests, given the servers *now* and the entries of the map *releases*."""
    preview = {
        service: {int(releases[name]) for name in servers}
        for service, servers in _receiving(now, releases, ".p").items()
    }
    return Actual(
        actual_traffic(desired, now, releases),
        {service: found.pop() for service, found in sorted(preview.items()) if len(found) == 1},
    )


def actual_traffic(desired: Iterable[Slot], now: Mapping[str, ServerState], releases: Mapping[str, str]) -> Traffic:
    """Return the percentage of requests that each release receives *now*, by service.

    Weights are rounded shares. So where the weights are the *desired* ones, the result is the exact desired share.
    """
    ready = {slot.server: slot for slot in desired if slot.state == "ready" and not slot.side}
    traffic: Traffic = {}
    for service, serving in _receiving(now, releases, ".s").items():
        wanted = {name: slot.weight for name, slot in ready.items() if slot.service == service}
        as_desired = wanted == {name: server.weight for name, server in serving.items()}
        whole = sum(server.weight for server in serving.values())
        shares: dict[int, float] = {}
        for name, server in serving.items():
            share = ready[name].share if as_desired else 100 * server.weight / whole
            shares[int(releases[name])] = shares.get(int(releases[name]), 0.0) + share
        traffic[service] = {release: round(share, 6) for release, share in sorted(shares.items())}
    return traffic


def _receiving(
    now: Mapping[str, ServerState], releases: Mapping[str, str], mark: str
) -> dict[str, dict[str, ServerState]]:
    """Return, by service, the servers that receive requests and have *mark* in their names before the number."""
    services: dict[str, dict[str, ServerState]] = {}
    for name, server in now.items():
        service = name.rpartition(mark)[0]
        if service and server.receives_requests and int(releases.get(name, 0)):
            services.setdefault(service, {})[name] = server
    return services


def _of_service(desired: DesiredEdge, service: str, count: int) -> tuple[Slot, ...]:
    mine = ((name, one) for name, one in desired.upstreams.items() if one.service == service)
    holders = {one.slot: (name, one) for name, one in mine if one.slot and one.port}
    percent = desired.traffic.get(service, {})
    ready = {name: one.release for name, one in holders.values() if one.ready}
    formerly_ready = {name: one.release for name, one in holders.values() if one.formerly_ready}
    shares = _per_instance(percent, ready) or _per_instance(percent, formerly_ready)
    found = [*_of_backend(Slot(service, 0), count, holders, shares)]
    sides: dict[Side, Mapping[str, int]] = {"preview": desired.preview, "replaced": desired.replaced}
    for side, releases in sides.items():
        whole = {releases.get(service, 0): 100.0}
        chosen = {number: each for number, each in holders.items() if each[1].release in whole}
        found += _of_backend(Slot(service, 0, side=side), count, chosen, _per_instance(whole, ready))
    if desired.edge and service in desired.edge.bridged:
        found += _of_backend(Slot(service, 0, side="bridged"), count, holders, _bridged(percent, ready))
    return tuple(found)


def _bridged(percent: Shares, ready: Mapping[str, int]) -> dict[str, float]:
    """Return equal shares for one instance of each of up to two releases, which are tried for a file that others lack.

    While one release has traffic, these are the two newest releases before it. While several releases have
    traffic, these are the newest of them and the next older release. A release newer than all that have traffic is left
    out: it may be untested.
    """
    by_release = {release: name for name, release in sorted(ready.items(), reverse=True)}
    serving = {release for release in by_release if percent.get(release, 0) > 0}
    older = {release for release in by_release if release < max(serving, default=0)}
    wanted = older | serving if len(serving) > 1 else older
    return {by_release[release]: 1.0 for release in sorted(wanted)[-2:]}


def _of_backend(
    empty: Slot, count: int, holders: Mapping[int, tuple[str, Upstream]], shares: Mapping[str, float]
) -> Iterator[Slot]:
    weight = weights(shares)
    for number in range(1, count + 1):
        slot = replace(empty, number=number)
        if number in holders:
            name, one = holders[number]
            slot = replace(
                slot,
                release=one.release,
                address=f"{LOOPBACK}:{one.port}",
                weight=weight.get(name, 0),
                state="ready" if name in weight else "drain",
                share=shares.get(name, 0.0),
                instance=name,
            )
        yield slot


def _per_instance(shares: Shares, releases: Mapping[str, int]) -> dict[str, float]:
    """Return each instance's percentage: releases without an instance leave their shares to the other releases."""
    serving = {name: release for name, release in releases.items() if shares.get(release, 0) > 0}
    capacity = Counter(serving.values())
    whole = sum(shares[release] for release in capacity)
    return {name: 100 * shares[release] / whole / capacity[release] for name, release in serving.items()}


def _error(weights: Mapping[str, int], shares: Mapping[str, float]) -> float:
    weight, share = sum(weights.values()), sum(shares.values())
    return round(max(abs(weights[name] / weight - shares[name] / share) for name in weights), 9)
