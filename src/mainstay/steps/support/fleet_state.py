"""Pure functions on the instances of a service: which are ready, surplus or crashing, and which revision is down."""

from collections.abc import Iterable
from datetime import datetime

from mainstay.model import FleetStatus, Instance, Member, Members

CRASHES = 3
"""An instance that exited this many times in a row before it was ready counts as crashing."""


def instances_of(fleet: FleetStatus, service: str, *, stopped: bool = False) -> tuple[Instance, ...]:
    """Return the instances of *service*, also failed ones and finished tasks, but stopped ones only with *stopped*."""
    every = [one for one in fleet.instances if one.service == service]
    return tuple(one for one in every if stopped or one.done or one.state != "stopped")


def count_ready(found: tuple[Instance, ...], release: int) -> int:
    """Return the number of instances of *release* that are ready, or, for a task, done."""
    return sum(one.release == release and one.healthy for one in found)


def all_ready(found: tuple[Instance, ...], members: Members) -> bool:
    return all(count_ready(found, release) >= member.count for release, member in members.items())


def leftover(found: tuple[Instance, ...], members: Members) -> tuple[Instance, ...]:
    """Return the surplus instances: those of revisions not in *members*, and more than *members* has of a revision."""
    kept = {release: member.count for release, member in members.items()}
    left = []
    for one in sorted(found, key=lambda one: one.state == "draining"):
        kept[one.release] = kept.get(one.release, 0) - 1
        if kept[one.release] < 0:
            left.append(one)
    return tuple(left)


def limit(member: Member) -> float:
    """Return the seconds within which an instance of *member* must become ready and stay ready."""
    return member.workload.health.within_s + member.workload.steady_s


def crashes(one: Instance) -> bool:
    """Return whether an instance fails to start: it failed, or exited CRASHES times in a row before it was ready."""
    return not one.healthy and (one.state == "failed" or one.early_exits >= CRASHES)


def is_down(found: Iterable[Instance], release: int, member: Member, at: datetime) -> bool:
    """Return whether, at the time *at*, each instance of a revision crashes or has been unready longer than `limit`.

    False if it has no instances; draining and stopped ones do not count.
    """
    mine = [one for one in found if one.release == release and one.state not in ("draining", "stopped")]
    return bool(mine) and all(crashes(one) or _hangs(one, member, at) for one in mine)


def _hangs(one: Instance, member: Member, at: datetime) -> bool:
    return not one.healthy and (at - datetime.fromisoformat(one.since)).total_seconds() > limit(member)
