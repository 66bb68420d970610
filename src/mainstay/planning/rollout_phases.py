"""The phases of a rollout: one for each stage, then settle, then retire.

In a stage, a deploy moves the traffic of callees before that of their callers; a rollback to an older release does the
reverse.
"""

from collections.abc import Container, Iterable
from typing import TypeVar

from mainstay.model import Members, Shifts, Traffic
from mainstay.model.call_graph import callees_first, callers_first
from mainstay.model.synthetic import SyntheticRequests
from mainstay.planning.plan import Phase, Ranks, rank_of
from mainstay.planning.rollout import ServiceChange
from mainstay.planning.stage_change import StageChange
from mainstay.planning.traffic_order import shifts_callees_first, shifts_callers_first
from mainstay.steps.configure_edge import ConfigureEdge
from mainstay.steps.observe import Observe
from mainstay.steps.retire import Retire
from mainstay.steps.set_traffic import SetTraffic
from mainstay.steps.settle import Settle
from mainstay.steps.smoke import Smoke
from mainstay.steps.start_fleet import StartFleet

S = TypeVar("S", bound=Observe)


def stage_phases(
    stages: tuple[StageChange, ...],
    edge: ConfigureEdge | None,
    tests: tuple[Smoke | None, ...] = (),
    synthetic: SyntheticRequests | None = None,
) -> tuple[Phase, ...]:
    """Return a phase for each stage; the last one changes the *edge*. Without stages, only the edge changes.

    *tests* has the smoke test of each stage, or None; if it is empty, no stage has one. *synthetic* are the requests
    that observations may send.
    """
    tests = tests or (None,) * len(stages)
    if len(stages) < 2:
        return (Phase("release", _stage_ranks(stages[0], edge, tests[0], synthetic) if stages else rank_of([edge])),)
    count = len(stages)
    return tuple(
        Phase(
            f"stage {number} of {count}",
            _stage_ranks(stage, edge if number == count else None, test, synthetic),
            stage=number,
        )
        for number, (stage, test) in enumerate(zip(stages, tests, strict=True), 1)
    )


def settle_phase(stages: tuple[StageChange, ...], for_s: float, synthetic: SyntheticRequests | None = None) -> Phase:
    """Return the phase that observes the new revisions for *for_s* seconds while the old fleets still run.

    It has no steps when every changed service is new, when no new revision runs, or when *for_s* is 0.
    """
    if not stages or not for_s:
        return Phase("settle", ())
    last = stages[-1]
    if not last.watched or all(change.old is None for change in last.rollout.changes):
        return Phase("settle", ())
    return Phase("settle", ((_observed(Settle, last, for_s, synthetic),),))


def retire_phase(stages: tuple[StageChange, ...]) -> Phase:
    """Return the phase that retires the old revisions, callers before their callees."""
    return Phase("retire", _retire_ranks(stages[-1]) if stages else ())


def _stage_ranks(
    change: StageChange, edge: ConfigureEdge | None, test: Smoke | None, synthetic: SyntheticRequests | None
) -> Ranks:
    """Return the ranks of a stage. *edge* runs once every service to which its routes lead has traffic."""
    if change.rollout.callers_first:
        ranks = _rollback_order(change, rank_of([edge]))
    else:
        ranks = _deploy_order(change, rank_of([edge]), rank_of([test]))
    if not (change.watched and ranks):
        return ranks
    return (*ranks, (_observed(Observe, change, change.stage.hold_s, synthetic),))


def _observed(kind: type[S], change: StageChange, for_s: float, synthetic: SyntheticRequests | None) -> S:
    """Return the step that observes the stage. It sends synthetic requests only if it compares requests."""
    return kind(
        watched=change.watched,
        traffic=change.stage.traffic,
        for_s=for_s,
        replaced=change.replaced,
        synthetic=synthetic if for_s and change.replaced else None,
        when_quiet=change.when_quiet,
    )


def _deploy_order(change: StageChange, edge: Ranks, test: Ranks) -> Ranks:
    calls, traffic = change.rollout.calls, change.traffic_changes
    called = frozenset[str]().union(*calls.values())
    # A new service needs its traffic before its callers start, because they may call it at once.
    at_start = {name: shares for name, shares in traffic.first.items() if name in called}
    later = traffic.shifted | {name: shares for name, shares in traffic.first.items() if name not in called}
    # A worker calls its callees as soon as it runs, so it starts after their traffic has moved.
    calling = [name for name in change.workers if calls[name]]
    return (
        # `recreate`: traffic ends before its fleet stops.
        *_set_traffic(change, _shifts_with_drain(change, traffic.ended)),
        *_start_services(change, at_start),
        *_replace_workers(change, [name for name in change.workers if name not in calling]),
        *test,
        *_set_traffic(change, shifts_callees_first(later, calls)),
        *_replace_workers(change, calling),
        *edge,
    )


def _rollback_order(change: StageChange, edge: Ranks) -> Ranks:
    calls, traffic = change.rollout.calls, change.traffic_changes
    return (
        *_start_services(change, traffic.first, without=traffic.ended),
        *_replace_workers(change, change.workers),
        # The routes of a service that is removed change before its traffic ends.
        *edge,
        *_set_traffic(change, _shifts_with_drain(change, traffic.shifted | traffic.ended)),
        *(rank for layer in callers_first(calls, traffic.ended) for rank in _change_fleets(change, layer)),
    )


def _start_services(change: StageChange, traffic: Traffic, without: Container[str] = ()) -> Ranks:
    """Return the steps that start fleets, callees first. Services in *traffic* get traffic right after their start."""
    calls = change.rollout.calls
    ranks: Ranks = ()
    for layer in callees_first(calls):
        names = [name for name in layer if name in change.stage.traffic and name not in without]
        ranks += _change_fleets(change, names)
        ranks += _set_traffic(change, shifts_callees_first({n: traffic[n] for n in names if n in traffic}, calls))
    return ranks


def _change_fleets(change: StageChange, names: Iterable[str]) -> Ranks:
    before, after = change.fleet, change.fleet_after
    return rank_of(
        StartFleet(service=name, before=before.get(name, {}), after=after[name])
        for name in names
        if before.get(name, {}) != after[name]
    )


def _replace_workers(change: StageChange, names: list[str]) -> Ranks:
    """Return the steps that stop the old workers and then start the new ones; with `overlap`, the reverse."""
    first, second = [], []
    after = change.fleet_after
    for name in names:
        before, wanted = change.fleet.get(name, {}), after[name]
        overlap = any(member.workload.overlap for member in wanted.values())
        kept = {revision: member for revision, member in before.items() if revision in wanted}
        between = before | wanted if overlap else kept
        if between != before:
            first.append(StartFleet(service=name, before=before, after=between))
        if wanted != between:
            second.append(StartFleet(service=name, before=between, after=wanted))
    return rank_of(first) + rank_of(second)


def _set_traffic(change: StageChange, shifts: Shifts) -> Ranks:
    if not shifts:
        return ()
    lease_s = change.rollout.revert_after_s
    return ((SetTraffic(after=shifts, revert_to=change.reverting_shifts, revert_after_s=lease_s),),)


def _shifts_with_drain(change: StageChange, traffic: Traffic) -> Shifts:
    limits = change.rollout.drain_limits(change.traffic)
    return shifts_callers_first(traffic, change.rollout.calls, limits)


def _retire_ranks(last: StageChange) -> Ranks:
    rollout, fleet, traffic = last.rollout, last.fleet_after, last.stage.traffic
    ranks: Ranks = ()
    for layer in callers_first(rollout.calls):
        changes = [change for change in rollout.changes if change.service in layer]
        # A removed service keeps its traffic until its last callers are retired.
        traffic = traffic | {change.service: {} for change in changes if change.new is None and not change.worker}
        shifts = (
            shifts_callers_first(traffic, rollout.calls, {})
            if rollout.callers_first
            else shifts_callees_first(traffic, rollout.calls)
        )
        ranks += rank_of(_retire(change, fleet[change.service], shifts) for change in changes)
    return ranks


def _retire(change: ServiceChange, members: Members, shifts: Shifts) -> Retire | None:
    """Return the step that retires the old revision; None when no revision is replaced.

    Also None when no old instance of a worker is left. A service gets the step even then, because the step ends the
    lease on traffic.
    """
    leaving = {revision: member for revision, member in members.items() if revision != change.new}
    if change.old in (None, change.new) or not (leaving or not change.worker):
        return None
    after = {revision: member for revision, member in members.items() if revision == change.new}
    return Retire(service=change.service, leaving=leaving, after=after, traffic=shifts)
