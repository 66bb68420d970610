"""`desired.json`: everything requested of the supervisor, persisted before it acts. A reboot needs nothing else."""

from collections import Counter
from collections.abc import Iterator

import msgspec

from mainstay.errors import InvariantBroken
from mainstay.model import Edge, Fleet, Job, Member, Revision, Shifts, Traffic, TrafficLease
from mainstay.model.fleet import unbalanced
from mainstay.model.maintenance import Maintenance

FORMAT = 2


class DesiredInstance(msgspec.Struct, frozen=True):
    """A desired instance. It is persisted before its stub starts, so that no process is ever unknown."""

    service: str
    release: int
    number: int
    """Counts from 1 within the revision; the id is `SERVICE-RELEASE-NUMBER`."""
    port: int | None = None
    slot: int | None = None
    """Counts from 1 within the service's backend."""
    leaving: bool = False
    """The instance is retiring: it is drained until it has no connections, stopped, and then forgotten."""

    @property
    def revision(self) -> Revision:
        return Revision(self.service, self.release)


class HeldLease(msgspec.Struct, frozen=True):
    """An active `lease`: the start of its time limit, in seconds of `CLOCK_BOOTTIME`, and the boot."""

    lease: TrafficLease
    boot: str
    since_s: float


class Pending(msgspec.Struct, frozen=True):
    """Traffic shifts that wait until the callers of the last applied shift are drained."""

    drain_s: dict[str, dict[int, float]]
    """The drain timeouts, in seconds, of the shift that was applied last, by service and release."""
    then: Shifts
    boot: str
    since_s: float
    """When that shift was requested, in seconds of CLOCK_BOOTTIME of `boot`."""


class Desired(msgspec.Struct, frozen=True):
    """The desired state. Written whole (write, fsync, rename, fsync of the folder) before the supervisor acts on it."""

    format: int = FORMAT
    fence: int = 0
    started: bool = True
    edge: Edge | None = None
    fleet: Fleet = {}
    traffic: Traffic = {}
    preview: dict[str, int] = {}
    """The release of each service to which the preview door leads; the others are reached as from outside."""
    replaced: dict[str, int] = {}
    """The release of each service to which the preview door leads requests for the replaced revisions."""
    maintenance: Maintenance | None = None
    """No part of a release: it stays in force until an operator ends it."""
    lease: HeldLease | None = None
    pending: Pending | None = None
    """The rest of the last `traffic` request, or of an automatic revert."""
    reverted: bool = False
    """Traffic was reverted automatically since the last `traffic` request."""
    instances: dict[str, DesiredInstance] = {}
    slots: dict[str, int] = {}
    """Per service with a port, the number of slots of its backend."""
    ports: dict[str, int] = {}
    """Permanent ports: `listener:SERVICE` (internal address), `kept:DATASTORE`, and `edge` when Mainstay chose it."""
    jobs: dict[str, Job] = {}
    """Jobs that were requested and are not known to have ended; the state of all others is in their folders."""
    force_killed: dict[str, int] = {}
    """Per revision, how many instances were killed because they ignored their stop signal.

    Kept until the first fleet request after the revision is gone.
    """
    kept_files: dict[str, int] = {}
    """Per revision, how many files that its instances had written were kept; as long as `force_killed`."""
    retiring: Fleet = {}
    """Revisions that are no longer in the fleet but still have instances."""
    proven: tuple[str, ...] = ()
    """Revisions (`web@41`) that have once been ready for long enough: their instances are restarted without limit."""

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
    """Return the id of an instance."""
    return f"{service}-{release}-{number}"


def member_of(desired: Desired, instance: DesiredInstance) -> Member:
    """Return the member of the fleet that this instance runs, whether its revision is still wanted or is retiring."""
    wanted = desired.fleet.get(instance.service, {}).get(instance.release)
    return wanted or desired.retiring[instance.service][instance.release]
