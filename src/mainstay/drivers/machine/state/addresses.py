"""Allocate ports and HAProxy slots for instances, and the permanent ports of services, datastores and the edge.

The caller persists them before the instances start.
"""

from pathlib import Path

from msgspec.structs import replace

from mainstay.drivers.machine.instances.values import called
from mainstay.drivers.machine.state.desired import Desired, DesiredInstance, member_of
from mainstay.model import Workload
from mainstay.system.ports import LOOPBACK, free_port

SLOTS_PER_REPLICA = 3


def allocate(desired: Desired, state: Path) -> Desired:
    """Return *desired* with all missing ports and slots. The path *state* determines where the search for ports starts.

    Raises Unreachable when no port is free.
    """
    ports = dict(desired.ports)
    for key in _keys(desired):
        if key not in ports:
            ports[key] = free_port(state, _held(desired, ports))
    desired = replace(desired, ports=ports, slots=slot_counts(desired))
    instances = dict(desired.instances)
    for name, one in desired.instances.items():
        workload = member_of(desired, one).workload
        if one.port is None and workload.listens and not one.leaving:
            instances[name] = _placed(replace(desired, instances=instances), one, workload, state)
    return replace(desired, instances=instances)


def reassign(desired: Desired, identity: str, state: Path) -> Desired:
    """Return *desired* with another port for the instance *identity*, whose port another program uses.

    Raises Unreachable when no port is free.
    """
    port = free_port(state, _held(desired, desired.ports))
    reassigned = replace(desired.instances[identity], port=port)
    return replace(desired, instances=desired.instances | {identity: reassigned})


def listeners(desired: Desired) -> dict[str, int]:
    """Return the port of the permanent internal address of each service or datastore."""
    plain = {key.partition(":")[2]: port for key, port in desired.ports.items() if key.startswith("listener:")}
    kept = {key.partition(":")[2]: port for key, port in desired.ports.items() if key.startswith("kept:")}
    return plain | kept


def slot_counts(desired: Desired) -> dict[str, int]:
    """Return the number of slots in HAProxy by service: 3 × its highest replica count, or the stored number if greater.

    A change of the number reloads HAProxy, so it never decreases. `SetEdge` removes services that are gone.
    """
    counts = dict(desired.slots)
    for fleet in (desired.fleet, desired.retiring):
        for service, members in fleet.items():
            replicas = [m.count for m in members.values() if m.workload.listens and not m.workload.datastore]
            if replicas:
                counts[service] = max(counts.get(service, 0), SLOTS_PER_REPLICA * max(replicas))
    return counts


def placeholders_of(port: int | None) -> dict[str, str]:
    """Return the values of the placeholders `{host}` and `{port}`; none for an instance without a port."""
    return {} if port is None else {"host": LOOPBACK, "port": str(port)}


def _keys(desired: Desired) -> list[str]:
    workloads = {
        service: next(iter(members.values())).workload for service, members in desired.fleet.items() if members
    }
    keys = [
        f"{'kept' if workload.datastore else 'listener'}:{service}"
        for service, workload in workloads.items()
        if workload.listens
    ]
    not_in_fleet = _callees(desired) - set(workloads) - set(listeners(desired))
    keys += [f"listener:{service}" for service in sorted(not_in_fleet)]
    edge = desired.edge
    keys += ["edge"] if edge and not edge.http else []
    return keys + (["edge-https"] if edge and edge.https == 0 else [])


def _callees(desired: Desired) -> set[str]:
    """Return the services and datastores whose internal addresses the instances and jobs use."""
    workloads = [member_of(desired, one).workload for one in desired.instances.values()]
    values = [each for workload in workloads for each in (workload.environment, workload.files)]
    values += [job.environment for job in desired.jobs.values()]
    return {service for each in values for service in called(each)}


def _placed(desired: Desired, one: DesiredInstance, workload: Workload, state: Path) -> DesiredInstance:
    if workload.datastore:
        return replace(one, port=desired.ports[f"kept:{one.service}"])
    taken = {other.slot for other in desired.instances.values() if other.service == one.service}
    free = (slot for slot in range(1, desired.slots[one.service] + 1) if slot not in taken)
    return replace(one, port=free_port(state, _held(desired, desired.ports)), slot=next(free, None))


def _held(desired: Desired, ports: dict[str, int]) -> set[int]:
    """Return the ports in use, including those of leaving instances, which HAProxy's slots may still have."""
    instances = {one.port for one in desired.instances.values() if one.port is not None}
    edge = desired.edge
    doors = set(edge.ports) if edge else set()
    return instances | set(ports.values()) | doors
