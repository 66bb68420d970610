"""Compute the commands that take HAProxy's slots from their actual to their desired state, without losing requests."""

from collections.abc import Iterable, Mapping

from mainstay.drivers.edge.haproxy.replies import ServerState
from mainstay.drivers.edge.haproxy.slots import NOWHERE, Slot
from mainstay.drivers.edge.haproxy.state_files import RELEASES
from mainstay.errors import Unreachable

_ORDER = ("ready", "drain", "maint")


def commands_for(wanted: Iterable[Slot], now: Mapping[str, ServerState], releases: Mapping[str, str]) -> list[str]:
    """Return the commands for all slots that differ. They add servers to traffic before they remove others.

    *now* has the actual state by server name, *releases* the entries of the map `RELEASES`. Raises Unreachable when
    HAProxy has no server for a slot.
    """
    slots = sorted(wanted, key=lambda slot: _ORDER.index(slot.state))
    missing = [slot.server for slot in slots if slot.server not in now]
    if missing:
        raise Unreachable(f"HAProxy has no slot {missing[0]}", remedy="mainstay logs edge")
    return [command for slot in slots for command in _of(slot, now[slot.server], releases)]


def differs(slot: Slot, now: ServerState) -> bool:
    """Return whether *now* has another state or address than *slot*, or, if *slot* is ready, another weight.

    The result of HAProxy's own check is not compared.
    """
    return (
        now.state != slot.state
        or now.address != (slot.address or NOWHERE)
        or (slot.state == "ready" and now.weight != slot.weight)
    )


def _of(slot: Slot, now: ServerState, releases: Mapping[str, str]) -> list[str]:
    name, address = f"{slot.backend}/{slot.server}", slot.address or NOWHERE
    commands: list[str] = []
    if slot.state not in {"ready", now.state}:
        commands.append(f"set server {name} state {slot.state}")
    if releases.get(slot.server) != str(slot.release):
        commands.append(f"set map {RELEASES} {slot.server} {slot.release}")
    if now.address != address:
        host, _, port = address.rpartition(":")
        commands.append(f"set server {name} addr {host} port {port}")
    if slot.state == "ready":
        if now.weight != slot.weight:
            commands.append(f"set server {name} weight {slot.weight}")
        if now.state != "ready" or now.address != address:
            commands += [f"set server {name} health up", f"set server {name} state ready"]
    return commands
