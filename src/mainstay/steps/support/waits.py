"""Wait until instances are ready or have stopped, and report the result in numbers."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from mainstay.drivers.targets.target import LogQuery
from mainstay.drivers.world import RunWorld, World
from mainstay.errors import StepFailed
from mainstay.model import Endings, Fleet, FleetStatus, Instance, Member, Members, Workload
from mainstay.model.revision import Revision
from mainstay.text.plural import counted
from mainstay.text.tail import last_words

LAST_LINES = 10
SLACK_S = 15.0
"""Seconds that a busy machine may take in addition to the time limits of a service."""
CRASHES = 3
"""An instance that exited this many times in a row before it was ready counts as crashing."""


def instances(world: World, service: str, *, stopped: bool = False) -> tuple[Instance, ...]:
    """Return the instances of *service*, including failed ones and finished tasks; *stopped* includes stopped ones."""
    every = [one for one in world.target.fleet_status().instances if one.service == service]
    return tuple(one for one in every if stopped or one.done or one.state != "stopped")


def ready(found: tuple[Instance, ...], release: int) -> int:
    """Return the number of instances of *release* that are ready, or, for a task, done."""
    return sum(one.release == release and one.healthy for one in found)


def all_ready(found: tuple[Instance, ...], members: Members) -> bool:
    return all(ready(found, release) >= member.count for release, member in members.items())


def leftover(found: tuple[Instance, ...], members: Members) -> tuple[Instance, ...]:
    """Return the instances of revisions that are not in *members*, or in excess of their number there."""
    kept = {release: member.count for release, member in members.items()}
    left = []
    for one in sorted(found, key=lambda one: one.state == "draining"):
        kept[one.release] = kept.get(one.release, 0) - 1
        if kept[one.release] < 0:
            left.append(one)
    return tuple(left)


def await_ready(world: RunWorld, service: str, members: Members) -> str:
    """Wait until all *members* are ready. Raises StepFailed with exit codes and last lines when one fails."""
    began = world.clock.monotonic()
    within = max((limit(member) for member in members.values()), default=0.0)
    wanted = sum(member.count for member in members.values())
    reported = -1

    def found() -> str | None:
        nonlocal reported
        now = instances(world, service)
        failed = [one for one in now if one.state == "failed" and one.release in members]
        if failed:
            raise StepFailed(failure(world, failed[0]), remedy=logs_of(service, failed[0].release))
        took = world.clock.monotonic() - began
        there = sum(min(ready(now, release), member.count) for release, member in members.items())
        if there == wanted:
            return f"{there} of {wanted} ready after {took:.1f} s"
        if took >= within:
            slow = [release for release, member in members.items() if ready(now, release) < member.count]
            raise StepFailed(late(world, service, now, members), remedy=logs_of(service, *slow))
        if there != reported:
            reported = there
            world.progress(f"{there} of {wanted} ready")
        return None

    return world.waiter.wait_until(found, within=within + SLACK_S, waiting_for=f"readiness of {service}")


def stop_surplus(world: RunWorld, service: str, members: Members, leaving: Members) -> str:
    """Keep *members* of *service* and wait until no other instance is left; *leaving* determines the time limit.

    Return how long it took, and how the instances ended.
    """
    within = max((member.workload.drain_s + member.workload.stop_grace_s for member in leaving.values()), default=0.0)
    began = world.clock.monotonic()
    # This is read before any instance drains, because with a drain of 0 s connections are counted at once.
    before = world.target.fleet_status()
    world.target.set_fleet({service: members})
    # Files that an instance wrote into its own copy are moved after it has ended and before it disappears.
    copies = any(not member.workload.read_only for member in leaving.values())
    world.waiter.wait_until(
        lambda: not leftover(instances(world, service, stopped=copies), members),
        within=within + SLACK_S,
        waiting_for=f"the end of {', '.join(str(Revision(service, release)) for release in leaving) or service}",
        remedy="mainstay resume",
    )
    how = how_it_ended({service: leaving}, before, world.target.fleet_status())
    return f"stopped in {world.clock.monotonic() - began:.1f} s{how}"


def how_it_ended(leaving: Fleet, before: FleetStatus, now: FleetStatus) -> str:
    """Return `, 2 connections still open after the drain of 5 s, 3 written files kept in …`; empty for a plain stop."""
    every = {
        str(Revision(service, each)): m.workload for service, members in leaving.items() for each, m in members.items()
    }
    return "".join(
        words
        for name, workload in every.items()
        for words in _how_revision_ended(name, f" of {name}" if len(every) > 1 else "", workload, before, now)
    )


def _how_revision_ended(name: str, of: str, workload: Workload, before: FleetStatus, now: FleetStatus) -> Iterator[str]:
    earlier, later = (status.endings.get(name, Endings()) for status in (before, now))
    if (open_ := later.connections - earlier.connections) > 0:
        yield f", {counted(open_, 'connection')}{of} still open after the drain of {workload.drain_s:g} s"
    if (killed := later.instances - earlier.instances) > 0:
        they = "it" if killed == 1 else "they"
        yield (
            f", {counted(killed, 'instance')}{of} killed with SIGKILL because {they} ignored "
            f"{workload.stop_signal} for {workload.stop_grace_s:g} s"
        )
    if (files := later.files - earlier.files) > 0:
        yield f", {counted(files, 'written file')}{of} kept in {now.kept_in}/{workload.service}"


def limit(member: Member) -> float:
    """Return the seconds within which an instance of *member* must become ready and stay ready."""
    return member.workload.health.within_s + member.workload.steady_s


def crashes(one: Instance) -> bool:
    """Return whether an instance fails to start. That of a once ready revision is still restarted, ever later."""
    return not one.healthy and (one.state == "failed" or one.early_exits >= CRASHES)


def is_down(found: Iterable[Instance], release: int, member: Member, at: datetime) -> bool:
    """Return whether a revision has instances and none will serve: each crashes or has not become ready in time."""
    mine = [one for one in found if one.release == release and one.state not in ("draining", "stopped")]
    return bool(mine) and all(crashes(one) or _hangs(one, member, at) for one in mine)


def _hangs(one: Instance, member: Member, at: datetime) -> bool:
    return not one.healthy and (at - datetime.fromisoformat(one.since)).total_seconds() > limit(member)


def end_of(world: World, one: Instance) -> str:
    """Return how an instance last exited, with its last lines: `: exit code 3; its last lines: …`."""
    how = f": {one.last_exit.how}" if one.last_exit else ""
    return how + last_words(_last_lines(world, one))


def logs_of(service: str, *releases: int) -> str:
    """Return the command that shows the logs of *service*, limited to a release when exactly one is given."""
    return f"mainstay logs {service}" + (f" --release {releases[0]}" if len(releases) == 1 else "")


def _last_lines(world: World, one: Instance) -> tuple[str, ...]:
    """Return the last lines from the instance, else from its log: a restarted or adopted one has them only there."""
    if one.state == "starting":
        # If there are none, it has written none since its last start; earlier lines explain nothing.
        return one.tail
    query = LogQuery(LAST_LINES, instance=one.id)
    return one.tail or tuple(each.line for each in world.target.logs(one.service, query))


def failure(world: World, one: Instance) -> str:
    """Return why an instance does not run: `web@3 does not stay up: exit code 1; its last lines: …`."""
    ended = "failed" if one.last_exit is None else "does not stay up"
    return f"{Revision(one.service, one.release)} {ended}{end_of(world, one)}"


def late(world: World, service: str, now: tuple[Instance, ...], members: Members) -> str:
    """Return which members timed out, by the manifest's limits, and why, as far as the probes show."""
    parts = [
        f"timed out after {limit(member):g} s waiting for {Revision(service, release)} to become ready "
        f"(within {member.workload.health.within_s:g} s, steady for {member.workload.steady_s:g} s): "
        f"{ready(now, release)} of {member.count} ready"
        for release, member in members.items()
        if ready(now, release) < member.count
    ]
    unready = [one for one in now if one.release in members and not one.healthy]
    parts += [f"{one.id}: {reason}" for one in unready for reason in one.reasons]
    return "; ".join(parts) + (last_words(_last_lines(world, unready[0])) if unready else "")
