"""What a request makes of what is to be: pure, so that it can be written down before anything acts on it."""

from typing import assert_never

from msgspec.structs import replace

from mainstay.errors import FenceRefused
from mainstay.release import Fleet
from mainstay.supervisor.desired import Desired, Watched
from mainstay.supervisor.protocol import Claim, Renew, SetEdge, SetFleet, SetTraffic, Sleep, StartJob, Wake

Changing = Claim | SetFleet | SetTraffic | Renew | SetEdge | StartJob | Wake | Sleep


def refuse_older(desired: Desired, fence: int) -> None:
    """Raises FenceRefused when a newer run has claimed."""
    if fence < desired.fence:
        raise FenceRefused(
            f"run with fence {fence} has been overtaken by one with fence {desired.fence}",
            remedy="mainstay status",
        )


def after(desired: Desired, request: Changing, boot: str, now: float) -> Desired:
    """What is to be once *request* is heeded. *now* is CLOCK_BOOTTIME of *boot*."""
    if isinstance(request, Wake):
        return replace(desired, awake=True)
    refuse_older(desired, request.fence)
    desired = replace(desired, fence=request.fence)
    match request:
        case Claim():
            return desired
        case SetFleet(wanted=wanted):
            return _with_fleet(desired, wanted)
        case SetTraffic(wanted=wanted, unless_renewed=unless):
            watched = None if unless is None else Watched(unless, boot, now)
            return replace(desired, traffic=desired.traffic | wanted, watched=watched, returned=False)
        case Renew():
            renewed = None if desired.watched is None else replace(desired.watched, boot=boot, since_s=now)
            return replace(desired, watched=renewed)
        case SetEdge(wanted=edge):
            return replace(desired, edge=edge)
        case StartJob(job=job):
            return replace(desired, jobs=desired.jobs | {job.id: job})
        case Sleep():
            return replace(desired, awake=False)
        case _:
            assert_never(request)


def returned_home(desired: Desired, boot: str, now: float) -> Desired:
    """Traffic goes to where it belongs when the run that watched has not been heard."""
    watched = desired.watched
    if watched is None or (watched.boot == boot and now < watched.since_s + watched.unless_renewed.within_s):
        return desired
    home = desired.traffic | watched.unless_renewed.then
    return replace(desired, traffic=home, watched=None, returned=True)


def _with_fleet(desired: Desired, wanted: Fleet) -> Desired:
    going = {service: dict(members) for service, members in desired.going.items()}
    for service in wanted:
        going[service] = going.get(service, {}) | desired.fleet.get(service, {})
    kept = {service: members for service, members in (desired.fleet | wanted).items() if members}
    return without_the_gone(replace(desired, fleet=kept, going=going))


def without_the_gone(desired: Desired) -> Desired:
    """Forgets revisions that nobody wants and of which no instance is left."""
    left = {(one.service, one.release) for one in desired.instances.values()}
    going = {
        service: {
            release: member
            for release, member in members.items()
            if (service, release) in left and release not in desired.fleet.get(service, {})
        }
        for service, members in desired.going.items()
    }
    return replace(desired, going={service: members for service, members in going.items() if members})
