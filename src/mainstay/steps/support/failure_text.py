"""Messages about instances: why they do not run or did not become ready in time, and how they ended."""

from collections.abc import Iterator

from mainstay.drivers.world import World
from mainstay.model import Endings, Fleet, FleetStatus, Instance, Members, Revision, Workload
from mainstay.model.log_lines import LogQuery
from mainstay.steps.support.fleet_state import count_ready, limit
from mainstay.text.plural import counted
from mainstay.text.tail import last_words

LAST_LINES = 10


def failure_text(world: World, one: Instance) -> str:
    """Return why an instance does not run: `web@3 does not stay up: exit code 1; its last lines: …`."""
    ended = "failed" if one.last_exit is None else "does not stay up"
    return f"{Revision(one.service, one.release)} {ended}{end_of(world, one)}"


def timeout_text(world: World, service: str, instances: tuple[Instance, ...], members: Members) -> str:
    """Return which *members* did not become ready within the manifest's limits, and why, as far as the probes show."""
    parts = [
        f"timed out after {limit(member):g} s waiting for {Revision(service, release)} to become ready "
        f"(within {member.workload.health.within_s:g} s, steady for {member.workload.steady_s:g} s): "
        f"{count_ready(instances, release)} of {member.count} ready"
        for release, member in members.items()
        if count_ready(instances, release) < member.count
    ]
    unready = [one for one in instances if one.release in members and not one.healthy]
    parts += [f"{one.id}: {reason}" for one in unready for reason in one.reasons]
    return "; ".join(parts) + (last_words(_last_lines(world, unready[0])) if unready else "")


def end_of(world: World, one: Instance) -> str:
    """Return how an instance last exited, with its last lines of output: `: exit code 3; its last lines: …`."""
    how = f": {one.last_exit.how}" if one.last_exit else ""
    return how + last_words(_last_lines(world, one))


def how_it_ended(leaving: Fleet, before: FleetStatus, now: FleetStatus) -> str:
    """Return how the revisions *leaving* ended between the statuses *before* and *now*, to append to a message.

    Example: `, 2 requests still in flight after the drain of 5 s, 3 written files kept in …`. Empty when no request was
    cut off, no instance was killed and no file was kept.
    """
    every = {
        str(Revision(service, each)): m.workload for service, members in leaving.items() for each, m in members.items()
    }
    return "".join(
        words
        for name, workload in every.items()
        for words in _how_revision_ended(name, f" of {name}" if len(every) > 1 else "", workload, before, now)
    )


def logs_of(service: str, *releases: int) -> str:
    """Return the command that shows the logs of *service*, limited to a release when exactly one is given."""
    return f"mainstay logs {service}" + (f" --release {releases[0]}" if len(releases) == 1 else "")


def _how_revision_ended(name: str, of: str, workload: Workload, before: FleetStatus, now: FleetStatus) -> Iterator[str]:
    earlier, later = (status.endings.get(name, Endings()) for status in (before, now))
    if (cut := later.requests - earlier.requests) > 0:
        yield f", {counted(cut, 'request')}{of} still in flight after the drain of {workload.drain_s:g} s"
    if (killed := later.instances - earlier.instances) > 0:
        they = "it" if killed == 1 else "they"
        yield (
            f", {counted(killed, 'instance')}{of} killed with SIGKILL because {they} ignored "
            f"{workload.stop_signal} for {workload.stop_grace_s:g} s"
        )
    if (files := later.files - earlier.files) > 0:
        yield f", {counted(files, 'written file')}{of} kept in {now.kept_in}/{workload.service}"


def _last_lines(world: World, one: Instance) -> tuple[str, ...]:
    """Return an instance's last lines of output; those of a restarted or adopted instance are only in its log."""
    if one.state == "starting":
        # The log is not read: its lines may be from before the last start, and those explain nothing.
        return one.tail
    query = LogQuery(LAST_LINES, instance=one.id)
    return one.tail or tuple(each.line for each in world.target.logs(one.service, query))
