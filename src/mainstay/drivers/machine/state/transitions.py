"""Change the desired state on requests and expired time limits. Pure: the caller persists the result, then acts."""

from collections import Counter
from collections.abc import Mapping
from typing import assert_never

from msgspec.structs import replace

from mainstay.drivers.machine import protocol
from mainstay.drivers.machine.state.desired import Desired, HeldLease, Pending
from mainstay.errors import FenceRefused
from mainstay.model import Fleet, Revision, Shifts


def refuse_older(desired: Desired, fence: int) -> None:
    """Raise FenceRefused when *fence* is lower than that of the run that claimed the environment last."""
    if fence < desired.fence:
        raise FenceRefused(
            f"a newer run, with fence {desired.fence}, has claimed the environment; this run has fence {fence}",
            remedy="mainstay status",
        )


def after(desired: Desired, request: protocol.Changing, boot: str, now: float) -> Desired:
    """Return the desired state after *request*. *now* is in seconds of CLOCK_BOOTTIME, in the boot with the id *boot*.

    Raises FenceRefused when a run with a newer fence has claimed the environment.
    """
    if isinstance(request, protocol.StartAll):
        return replace(desired, started=True)
    if isinstance(request, protocol.SetMaintenance):
        return replace(desired, maintenance=request.wanted)
    refuse_older(desired, request.fence)
    desired = replace(desired, fence=request.fence)
    match request:
        case protocol.Claim():
            return desired
        case protocol.SetFleet(wanted=wanted):
            return _with_fleet(desired, wanted)
        case protocol.SetShifts(shifts=shifts, lease=unless):
            lease = None if unless is None else HeldLease(unless, boot, now)
            return shifted(replace(desired, lease=lease, reverted=False), shifts, boot, now)
        case protocol.LeaseHeartbeat():
            renewed = None if desired.lease is None else replace(desired.lease, boot=boot, since_s=now)
            return replace(desired, lease=renewed)
        case protocol.SetEdge(wanted=edge):
            known = {*desired.fleet, *desired.retiring}
            slots = {name: count for name, count in desired.slots.items() if name in known}
            return replace(desired, edge=edge, slots=slots)
        case protocol.SetPreview(releases=releases, replaced=replaced):
            return replace(desired, preview=releases, replaced=replaced)
        case protocol.StartJob(job=job):
            return replace(desired, jobs=desired.jobs | {job.id: job})
        case protocol.StopAll():
            return replace(desired, started=False)
        case _:
            assert_never(request)


def auto_revert(desired: Desired, boot: str, now: float) -> Desired:
    """Return *desired* with the automatic revert begun if its lease has expired or is from a boot other than *boot*.

    The first shift of the revert is applied, the others are pending. *now* is in seconds of CLOCK_BOOTTIME. Without
    such a lease, *desired* is returned unchanged.
    """
    lease = desired.lease
    if lease is None or (lease.boot == boot and now < lease.since_s + lease.lease.within_s):
        return desired
    return shifted(replace(desired, lease=None, reverted=True), lease.lease.then, boot, now)


def shifted(desired: Desired, shifts: Shifts, boot: str, now: float) -> Desired:
    """Return *desired* with the first of *shifts* applied and the others pending."""
    if not shifts:
        return replace(desired, pending=None)
    first, *rest = shifts
    pending = Pending(first.drain_s, tuple(rest), boot, now) if rest else None
    return replace(desired, traffic=desired.traffic | first.traffic, pending=pending)


def is_drained(pending: Pending, in_flight: Mapping[str, int], boot: str, now: float) -> bool:
    """Return whether each revision that *pending* drains has no request in flight or has reached its drain timeout.

    *in_flight* has the number of requests by revision; for a revision that is missing, only the timeout counts. After a
    reboot no request is in flight. *now* is in seconds of CLOCK_BOOTTIME, in the boot with the id *boot*.
    """
    return pending.boot != boot or all(
        in_flight.get(str(Revision(service, release))) == 0 or now - pending.since_s >= limit
        for service, releases in pending.drain_s.items()
        for release, limit in releases.items()
    )


def _with_fleet(desired: Desired, wanted: Fleet) -> Desired:
    retiring = {service: dict(members) for service, members in desired.retiring.items()}
    for service in wanted:
        retiring[service] = retiring.get(service, {}) | desired.fleet.get(service, {})
    kept = {service: members for service, members in (desired.fleet | wanted).items() if members}
    after = without_ended_revisions(replace(desired, fleet=kept, retiring=retiring))
    fleets = (after.fleet, after.retiring)
    known = {str(Revision(service, each)) for fleet in fleets for service in fleet for each in fleet[service]}
    killed, written = (
        {name: count for name, count in counts.items() if name in known}
        for counts in (after.force_killed, after.kept_files)
    )
    return replace(after, force_killed=killed, kept_files=written)


def without_instance(desired: Desired, name: str, kept_files: int) -> Desired:
    """Return *desired* without the instance *name*, and with *kept_files* added to the count of its revision."""
    kept = Counter(desired.kept_files) + Counter({str(desired.instances[name].revision): kept_files})
    left = {other: each for other, each in desired.instances.items() if other != name}
    return without_ended_revisions(replace(desired, instances=left, kept_files=dict(kept)))


def without_ended_revisions(desired: Desired) -> Desired:
    """Return *desired* without the retiring revisions that have no instance left or are in the fleet again."""
    left = {(one.service, one.release) for one in desired.instances.values()}
    retiring = {
        service: {
            release: member
            for release, member in members.items()
            if (service, release) in left and release not in desired.fleet.get(service, {})
        }
        for service, members in desired.retiring.items()
    }
    return replace(desired, retiring={service: members for service, members in retiring.items() if members})
