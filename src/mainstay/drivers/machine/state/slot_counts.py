"""The number of slots of each service's backend. HAProxy reloads when it changes, so it shrinks only with the edge."""

from mainstay.drivers.machine.state.desired import Desired

SLOTS_PER_REPLICA = 3


def grown(desired: Desired) -> dict[str, int]:
    """Return the number of slots of each service: 3 × its highest number of replicas, never fewer than now."""
    counts = dict(desired.slots)
    for fleet in (desired.fleet, desired.retiring):
        for service, members in fleet.items():
            replicas = [m.count for m in members.values() if m.workload.listens and not m.workload.datastore]
            if replicas:
                counts[service] = max(counts.get(service, 0), SLOTS_PER_REPLICA * max(replicas))
    return counts


def used(desired: Desired) -> dict[str, int]:
    """Return the number of slots of each service that is still in the fleet or still has instances."""
    return {name: count for name, count in desired.slots.items() if name in desired.fleet or name in desired.retiring}
