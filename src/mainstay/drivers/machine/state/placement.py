"""Decide which instances must exist. Pure: the caller persists the decision before any instance starts."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from mainstay.drivers.machine.state import decide, transitions
from mainstay.drivers.machine.state.desired import Desired, DesiredInstance, identity_of, member_of
from mainstay.drivers.machine.state.lifecycle import Runtime
from mainstay.model import Member, Members, Revision


def with_proven(desired: Desired, runtimes: Mapping[str, Runtime]) -> Desired:
    """Return *desired* with `proven` updated: the revisions of its fleet that have, or have had, a steady instance."""
    steady = {str(one.revision) for name, one in desired.instances.items() if runtimes[name].record.steady}
    wanted = {str(Revision(service, release)) for service, members in desired.fleet.items() for release in members}
    return replace(desired, proven=tuple(sorted((steady | {*desired.proven}) & wanted)))


def placed(desired: Desired, runtimes: Mapping[str, Runtime]) -> Desired:
    """Return *desired* with missing instances added, surplus ones marked as leaving, and ended revisions removed.

    Raises InvariantBroken when the result is inconsistent.
    """
    # A new task that has completed counts as ready, so that the old instances, which overlap with it, can leave.
    done = {name for name in desired.instances if runtimes[name].record.done}
    desired = with_instances(desired, decide.ready(desired, runtimes) | done)
    desired = transitions.without_ended_revisions(desired)
    desired.check()  # Each instance belongs to a revision, on which `member_of` relies.
    return desired


def with_instances(desired: Desired, ready: frozenset[str]) -> Desired:
    """Return *desired* with missing instances added and surplus ones marked as leaving.

    *ready* has the ids of the ready instances: they are the last to leave. Workers with `overlap` leave only when
    enough instances of the new revision are ready.
    """
    instances = dict(desired.instances)
    for service in sorted({*desired.fleet, *(one.service for one in instances.values())}):
        mine = {name: one for name, one in instances.items() if one.service == service}
        instances |= dict(_of_service(desired, service, mine, ready))
    return replace(desired, instances=instances)


def _of_service(
    desired: Desired, service: str, mine: dict[str, DesiredInstance], ready: frozenset[str]
) -> Iterator[tuple[str, DesiredInstance]]:
    wanted = _wanted(desired, service)
    staying = {name: one for name, one in mine.items() if not one.leaving}
    retiring = {name: one for name, one in staying.items() if one.release not in wanted}
    if retiring and (not _overlaps(wanted) or _are_ready(wanted, staying, ready)):
        yield from ((name, replace(one, leaving=True)) for name, one in retiring.items())
    for release, member in sorted(wanted.items()):
        have = sorted(
            (name for name, one in staying.items() if one.release == release),
            key=lambda name: (name not in ready, mine[name].number),
        )
        yield from ((name, replace(mine[name], leaving=True)) for name in have[member.count :])
        if len(have) < member.count and (len(have) == len(mine) or not _old_out_first(member)):
            numbers = _free_numbers(release, mine)
            for _ in range(member.count - len(have)):
                made = DesiredInstance(service, release, next(numbers), slot=None)
                yield identity_of(service, release, made.number), made


def _wanted(desired: Desired, service: str) -> Members:
    """Return the members of *service* that must run: in a stopped environment, datastores while services still run."""
    members = desired.fleet.get(service, {})
    if desired.started:
        return members
    callers = any(not member_of(desired, one).workload.datastore for one in desired.instances.values())
    here = {one.release for one in desired.instances.values() if one.service == service}
    return {r: m for r, m in members.items() if m.workload.datastore and callers and r in here}


def _old_out_first(member: Member) -> bool:
    return member.workload.datastore or (not member.workload.listens and not member.workload.overlap)


def _overlaps(wanted: Members) -> bool:
    return any(not member.workload.listens and member.workload.overlap for member in wanted.values())


def _are_ready(wanted: Members, staying: dict[str, DesiredInstance], ready: frozenset[str]) -> bool:
    return all(
        sum(one.release == release and name in ready for name, one in staying.items()) >= member.count
        for release, member in wanted.items()
    )


def _free_numbers(release: int, mine: dict[str, DesiredInstance]) -> Iterator[int]:
    taken = {one.number for one in mine.values() if one.release == release}
    return (number for number in range(1, len(taken) + 1000) if number not in taken)
