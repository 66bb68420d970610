"""The ranks of steps of one stage: a deploy moves the traffic of callees first, a rollback that of callers."""

from collections.abc import Container, Iterable

from mainstay.model import Shifts, Traffic
from mainstay.model.call_graph import callees_first, callers_first
from mainstay.planning.rank_builder import Ranks, rank_of
from mainstay.planning.stage_change import StageChange
from mainstay.planning.traffic_order import shifts_callees_first, shifts_callers_first
from mainstay.steps.configure_edge import ConfigureEdge
from mainstay.steps.observe import Observe
from mainstay.steps.set_traffic import SetTraffic
from mainstay.steps.start_fleet import StartFleet


def stage_ranks(change: StageChange, edge: ConfigureEdge | None) -> Ranks:
    """Return the ranks of a stage. *edge* changes the routes once every service that they lead to has traffic."""
    order = _rollback_order if change.rollout.callers_first else _deploy_order
    ranks = order(change, rank_of([edge]))
    observe = Observe(watched=change.watched, traffic=change.stage.traffic, for_s=change.stage.hold_s)
    return (*ranks, (observe,)) if change.watched and ranks else ranks


def _deploy_order(change: StageChange, edge: Ranks) -> Ranks:
    calls, traffic = change.rollout.calls, change.traffic_changes
    called = frozenset[str]().union(*calls.values())
    # A new service needs its traffic before its callers start, because they may call it at once.
    at_start = {name: shares for name, shares in traffic.first.items() if name in called}
    later = traffic.shifted | {name: shares for name, shares in traffic.first.items() if name not in called}
    # A worker calls its callees as soon as it runs, so it starts after their traffic has moved.
    calling = [name for name in change.workers if calls[name]]
    return (
        *_set_traffic(change, _shifts_with_drain(change, traffic.ended)),
        *_start_services(change, at_start),
        *_replace_workers(change, [name for name in change.workers if name not in calling]),
        *_set_traffic(change, shifts_callees_first(later, calls)),
        *_replace_workers(change, calling),
        *edge,
    )


def _rollback_order(change: StageChange, edge: Ranks) -> Ranks:
    calls, traffic = change.rollout.calls, change.traffic_changes
    return (
        *_start_services(change, traffic.first, without=traffic.ended),
        *_replace_workers(change, change.workers),
        *edge,
        *_set_traffic(change, _shifts_with_drain(change, traffic.shifted | traffic.ended)),
        *(rank for layer in callers_first(calls, traffic.ended) for rank in _change_fleets(change, layer)),
    )


def _start_services(change: StageChange, traffic: Traffic, without: Container[str] = ()) -> Ranks:
    """Return the steps that start fleets, callees first; services in *traffic* get it right after their start."""
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
