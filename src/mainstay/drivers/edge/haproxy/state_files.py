"""Render the files from which a new worker of HAProxy loads its slots, so that it routes as the previous worker."""

from collections.abc import Iterable

from mainstay.drivers.edge.haproxy.slots import NOWHERE, Slot

RELEASES = "releases.map"
"""The file of the map from server names to releases, in the edge's folder, in which HAProxy runs."""
SERVERS = "servers"
"""The file with the state of every slot, in the same folder."""


def releases_map(slots: Iterable[Slot]) -> str:
    """Return the content of `RELEASES`, the map from server names to releases.

    A new worker does not inherit the entries that were set at runtime, so it needs the current ones from this file.
    """
    return "".join(f"{slot.server} {slot.release}\n" for slot in slots)


def server_state(slots: Iterable[Slot]) -> str:
    """Return the content of `SERVERS`: the state of every slot, in the format of `show servers state`."""
    return f"1\n# {_NAMES}\n" + "".join(_state(slot) for slot in slots)


_NAMES = (
    "be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight"
    " srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state"
    " bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr"
    " srv_agent_addr srv_agent_port"
)
_CONFIGURED = 4
"""The flag of a server that the configuration disables. It disables every slot, so HAProxy would ignore a state without
the flag as one from another configuration."""
_ADMIN = {"ready": _CONFIGURED, "drain": _CONFIGURED + 8, "maint": _CONFIGURED + 1}


def _state(slot: Slot) -> str:
    host, _, port = (slot.address or NOWHERE).rpartition(":")
    running = 0 if slot.state == "maint" else 2
    weight = slot.weight or 1
    numbers = f"{running} {_ADMIN[slot.state]} {weight} 1 0 1 0 2 6 0 0 0 - {port} - 0 0 - - 0"
    return f"0 {slot.backend} {slot.number} {slot.server} {host} {numbers}\n"
