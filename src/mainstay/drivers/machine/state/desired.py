"""The desired state of an environment: the document `desired.json`.

It contains what clients have requested, and the instances, ports and slots that the supervisor has chosen for it. The
supervisor writes it before it acts, and restores the environment from it after a crash or a reboot.
"""

from collections import Counter
from collections.abc import Iterator

import msgspec

from mainstay.errors import InvariantBroken
from mainstay.model import Edge, Fleet, Job, Member, Revision, Shifts, Traffic, TrafficLease
from mainstay.model.fleet import unbalanced
from mainstay.model.maintenance import Maintenance

FORMAT = 2


class DesiredInstance(msgspec.Struct, frozen=True):
    """An instance that must run or end. It is persisted before its process starts, so no process is ever unknown."""

    service: str
    release: int
    number: int
    """The number of the instance within its revision, from 1; its id is `SERVICE-RELEASE-NUMBER`."""
    port: int | None = None
    slot: int | None = None
    """The number of its slot in HAProxy's backend of the service, from 1; None: HAProxy sends it no requests."""
    leaving: bool = False
    """Whether the instance must end: the supervisor drains it, stops it, and then removes it from the desired state."""

    @property
    def revision(self) -> Revision:
        return Revision(self.service, self.release)


class HeldLease(msgspec.Struct, frozen=True):
    """The lease on traffic that a run holds: if the run's heartbeats stop, the supervisor reverts traffic."""

    lease: TrafficLease
    boot: str
    """The boot id of the machine when `since_s` was measured."""
    since_s: float
    """Start of the lease's time limit, in seconds of CLOCK_BOOTTIME: when the run sent the lease or its last heartbeat,
    or, if that was later, when the supervisor started."""


class Pending(msgspec.Struct, frozen=True):
    """Traffic shifts that wait until the revisions in `drain_s` are drained."""

    drain_s: dict[str, dict[int, float]]
    """The drain timeouts, in seconds, of the shift that was applied last, by service and release."""
    then: Shifts
    boot: str
    since_s: float
    """When the shift that was applied last became desired, in seconds of CLOCK_BOOTTIME of `boot`."""


class Desired(msgspec.Struct, frozen=True):
    """The desired state of one environment."""

    format: int = FORMAT
    fence: int = 0
    """The highest fence of a request so far: a request with a lower one is refused."""
    started: bool = True
    edge: Edge | None = None
    fleet: Fleet = {}
    traffic: Traffic = {}
    preview: dict[str, int] = {}
    """The release of each service to which the preview door leads; other services are reached as from a front door."""
    replaced: dict[str, int] = {}
    """Per service, the release that the previewed one replaces; a request's header chooses it at the preview door."""
    maintenance: Maintenance | None = None
    """The maintenance that an operator has turned on; None: off. Deploys do not change it."""
    lease: HeldLease | None = None
    pending: Pending | None = None
    """The shifts of the last `traffic` request, or of an automatic revert, that are not applied yet."""
    reverted: bool = False
    """Whether traffic was reverted automatically since the last `traffic` request."""
    instances: dict[str, DesiredInstance] = {}
    """The instances by id."""
    slots: dict[str, int] = {}
    """Per service with a port, the number of slots, each for one instance, in its HAProxy backend."""
    ports: dict[str, int] = {}
    """Permanent ports: `listener:SERVICE` (internal address), `kept:DATASTORE` (where the datastore itself listens),
    and `edge` and `edge-https` when the manifest leaves the choice of that port to Mainstay."""
    jobs: dict[str, Job] = {}
    """The requested jobs, by id, that are not known to have ended. The outcome of an ended job is in its folder."""
    force_killed: dict[str, int] = {}
    """Per revision, how many instances were killed because they ignored their stop signal.

    Kept until the first fleet request after the revision is gone.
    """
    kept_files: dict[str, int] = {}
    """Per revision, how many files written by its instances were kept; removed together with `force_killed`."""
    retiring: Fleet = {}
    """Revisions that are no longer in the fleet but still have instances."""
    proven: tuple[str, ...] = ()
    """Revisions (`web@41`) of the fleet that have had a steady instance: their number of restarts is not limited."""

    def check(self) -> None:
        """Raise InvariantBroken when an invariant of the desired state does not hold."""
        if broken := tuple(self._broken()):
            raise InvariantBroken("the desired state of the supervisor", broken)

    def _broken(self) -> Iterator[str]:
        later = [shift.traffic for shift in (*self._reverts, *(self.pending.then if self.pending else ()))]
        for traffic in (self.traffic, *later):
            yield from unbalanced(traffic)
        # Traffic may name a revision without a fleet: undoing `recreate` reverts traffic, then starts the old fleet.
        yield from (
            f"the preview of {service} is release {release}" for service, release in self.preview.items() if release < 1
        )
        for name, one in self.instances.items():
            if name != identity_of(one.service, one.release, one.number):
                yield f"instance {name} has the identity of another"
            if not any(one.release in fleet.get(one.service, {}) for fleet in (self.fleet, self.retiring)):
                yield f"instance {name} belongs to no revision"
        used = Counter(one.port for one in self.instances.values() if one.port is not None)
        yield from (f"{count} instances have port {port}" for port, count in used.items() if count > 1)
        slots = Counter((one.service, one.slot) for one in self.instances.values() if one.slot is not None)
        yield from (
            f"{count} instances of {name} have slot {slot}" for (name, slot), count in slots.items() if count > 1
        )

    @property
    def _reverts(self) -> Shifts:
        return self.lease.lease.then if self.lease else ()


def identity_of(service: str, release: int, number: int) -> str:
    """Return the id of an instance, such as `web-2-1`."""
    return f"{service}-{release}-{number}"


def member_of(desired: Desired, instance: DesiredInstance) -> Member:
    """Return the member, in the fleet or among the retiring revisions, whose workload *instance* runs."""
    wanted = desired.fleet.get(instance.service, {}).get(instance.release)
    return wanted or desired.retiring[instance.service][instance.release]
