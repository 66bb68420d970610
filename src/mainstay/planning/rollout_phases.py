"""The phases of a rollout: one for each stage, then settle, then retire."""

from mainstay.model import Members, Shifts
from mainstay.model.call_graph import callers_first
from mainstay.planning.plan import Phase
from mainstay.planning.rank_builder import Ranks, rank_of
from mainstay.planning.service_change import ServiceChange
from mainstay.planning.stage_change import StageChange
from mainstay.planning.stage_ranks import stage_ranks
from mainstay.planning.traffic_order import shifts_callees_first, shifts_callers_first
from mainstay.steps.configure_edge import ConfigureEdge
from mainstay.steps.retire import Retire
from mainstay.steps.settle import Settle


def stage_phases(stages: tuple[StageChange, ...], edge: ConfigureEdge | None) -> tuple[Phase, ...]:
    """Return a phase for each stage; the last one changes the *edge*. Without stages, only the edge changes."""
    if len(stages) < 2:
        return (Phase("release", stage_ranks(stages[0], edge) if stages else rank_of([edge])),)
    count = len(stages)
    return tuple(
        Phase(f"stage {number} of {count}", stage_ranks(stage, edge if number == count else None), stage=number)
        for number, stage in enumerate(stages, 1)
    )


def settle_phase(stages: tuple[StageChange, ...], for_s: float) -> Phase:
    """Return the phase that observes the new revisions while the old fleets still run; a first release has none."""
    replaces = any(change.old is not None for change in stages[-1].rollout.changes) if stages else False
    if not (for_s and replaces and stages[-1].watched):
        return Phase("settle", ())
    last = stages[-1]
    return Phase("settle", ((Settle(watched=last.watched, traffic=last.stage.traffic, for_s=for_s),),))


def retire_phase(stages: tuple[StageChange, ...]) -> Phase:
    """Return the phase that retires the old revisions, callers before their callees."""
    return Phase("retire", _retire_ranks(stages[-1]) if stages else ())


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
    """Return the step that retires the old revision; None for a worker of which no instance is left.

    A service has the step even when no instance is left to stop, because it ends the lease on traffic.
    """
    leaving = {revision: member for revision, member in members.items() if revision != change.new}
    if change.old in (None, change.new) or not (leaving or not change.worker):
        return None
    after = {revision: member for revision, member in members.items() if revision == change.new}
    return Retire(service=change.service, leaving=leaving, after=after, traffic=shifts)
