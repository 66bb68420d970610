"""Derive the problems that degrade an environment from its status, the most severe first; no side effects."""

from collections.abc import Iterator

from msgspec.structs import replace

from mainstay.model import Note, TrafficStatus
from mainstay.operations.status_document import Status


def problems(
    now: Status, notes: tuple[Note, ...], serving: TrafficStatus, *, stopped: bool, full: str = ""
) -> Iterator[Note]:
    """Yield the problems that degrade the environment: the lost edge and a full disk, an unfinished run, then the rest.

    *notes*: the target's notes. *stopped*: `down` stopped the environment. *full*: the message about a full disk;
    empty if the disk has room.
    """
    if now.started and serving.problem:
        yield serving.problem
    if now.started and full:
        what = f"{full}, so deploys fail and the output of services is lost"
        yield Note("disk-full", what, f"make room (df -h {now.state})")
    yield from _run_problems(now)
    if now.started and serving.problem is None:
        yield from _edge_problems(now, serving)
    if now.started:
        nothing_to_start = now.release is None and now.run is None
        of_target = (note for note in notes if note.level == "problem")
        yield from (replace(note, remedy="mainstay up") if nothing_to_start else note for note in of_target)
    if now.release is None and not stopped:
        yield Note("no-release", "no release is live", "mainstay status --watch" if now.run else "mainstay up")
    if now.started:
        yield from _missing(now)


def _run_problems(now: Status) -> Iterator[Note]:
    """Yield problems for an unfinished run that no process executes, and for traffic that was therefore reverted."""
    if now.run is not None and now.run.state != "running":
        yield Note("run-unfinished", f"run {now.run.id} ({now.run.kind}) is {now.run.state}", now.run.next)
    if now.started and now.reverted:
        what = "traffic was reverted automatically: the deploy stopped sending heartbeats"
        # A deploy is refused as long as a run is unfinished.
        yield Note("traffic-reverted", what, "mainstay resume, or mainstay abort" if now.run else "mainstay deploy")


def _missing(now: Status) -> Iterator[Note]:
    """Yield problems for services and datastores that do not run as desired."""
    for service in now.services:
        if service.shortfall:
            what = f"{service.ready} of {service.desired} instances of {service.name} are ready"
            yield Note("instances-missing", what, f"mainstay logs {service.name}")
    for store in now.datastores:
        if store.state != "ready":
            yield Note("datastore-down", f"{store.name} is {store.state}", f"mainstay logs {store.name}")


def _edge_problems(now: Status, serving: TrafficStatus) -> Iterator[Note]:
    """Yield what is wrong with the edge: it does not serve yet, or requests reach other releases than desired."""
    at_work = now.run is not None and now.run.state == "running"
    if serving.edge is not None and not serving.open and now.supervised and not at_work:
        yield Note("edge-starting", "the edge is being started or changed", "mainstay logs edge")
        return
    for service in now.services:
        actual, desired = _sharing(service.traffic), _sharing(service.traffic_desired)
        # A run moves traffic step by step, so only a service that receives nothing is a problem then.
        astray = desired and not actual if at_work else desired != actual
        if astray and not service.shortfall:
            releases = f"{_numbered(actual)} instead of {_numbered(desired)}"
            what = f"requests to {service.name} reach {releases}, although its instances are ready"
            yield Note("traffic-astray", what, "mainstay logs edge")


def _sharing(shares: dict[int, float]) -> frozenset[int]:
    return frozenset(release for release, share in shares.items() if share > 0)


def _numbered(releases: frozenset[int]) -> str:
    return "release " + " and ".join(map(str, sorted(releases))) if releases else "no release"
