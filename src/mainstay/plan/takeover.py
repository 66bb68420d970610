"""Take over: the stages of all services become phases of steps; shared by the way out and the way back."""

import msgspec

from mainstay.plan import Phase
from mainstay.plan.layers import Layers
from mainstay.release import Member, Members, Release, ServiceRelease, Shares, Stage, Traffic
from mainstay.snapshot import Snapshot
from mainstay.steps.observe import Observe
from mainstay.steps.provide_edge import ProvideEdge
from mainstay.steps.retire import Retire
from mainstay.steps.set_traffic import SetTraffic
from mainstay.steps.settle import Settle
from mainstay.steps.start_fleet import StartFleet
from mainstay.steps.step import Step
from mainstay.strategy import Move, stages

Rank = tuple[Step, ...]
Ranks = tuple[Rank, ...]


class TakeOver(msgspec.Struct, frozen=True):
    """What moves from one release to another, and in which order; `layers` are callees first."""

    moves: tuple[Move, ...]
    before: dict[str, ServiceRelease]
    after: dict[str, ServiceRelease]
    fleet: dict[str, Members]
    """What is to run of the moved services now."""
    layers: Layers
    settle_s: float
    callers_first: bool = False
    """On the way back nobody meets a callee older than what it was made for."""
    final_edge: ProvideEdge | None = None
    """What only the new release needs of the edge: set once it serves."""

    @property
    def unwatched_s(self) -> float:
        """All services of a stage go back together: the most careful one decides when."""
        return min(move.strategy.unwatched_s for move in self.moves)

    @property
    def moving(self) -> tuple[str, ...]:
        return tuple(move.service for move in self.moves)


def moves_between(now: Snapshot, release: Release) -> tuple[Move, ...]:
    """What changes in revisions or numbers of services, in the order of *release*."""
    before = now.release.services if now.release else {}
    moves = []
    for name in [*release.services, *(name for name in before if name not in release.services)]:
        old, new = before.get(name), release.services.get(name)
        if old and new and (old.revision, old.replicas) == (new.revision, new.replicas):
            continue
        chosen = new or old
        if chosen is None:
            continue
        moves.append(
            Move(
                service=name,
                old=old.revision if old else None,
                old_count=old.replicas if old else 0,
                new=new.revision if new else None,
                count=new.replicas if new else 0,
                strategy=chosen.strategy,
                worker=chosen.spec.port == "none",
                overlap=chosen.spec.overlap,
            )
        )
    return tuple(moves)


def phases(over: TakeOver) -> tuple[Phase, ...]:
    """One phase for each stage, then settle, then retire."""
    if not over.moves:
        return (Phase("release", ((over.final_edge,),)),) if over.final_edge else ()
    found: list[Phase] = []
    every = stages(over.moves)
    fleet = dict(over.fleet)
    traffic: Traffic = {move.service: _all(move.old) for move in over.moves if not move.worker}
    for number, stage in enumerate(every, 1):
        name = "release" if len(every) == 1 else f"stage {number} of {len(every)}"
        ranks, fleet = _stage(over, stage, fleet, traffic)
        if number == len(every) and over.final_edge is not None:
            # Routes follow traffic: nobody is sent to a service that does not serve yet.
            observed = -1 if _watched(over, fleet) else len(ranks)
            ranks = (*ranks[:observed], (over.final_edge,), *ranks[observed:])
        found.append(Phase(name, ranks, stage=number))
        traffic = stage.traffic
    watched = _watched(over, fleet)
    if over.settle_s and watched and any(move.old is not None for move in over.moves):
        found.append(Phase("settle", ((Settle(watched=watched, traffic=traffic, for_s=over.settle_s),),)))
    gone: Traffic = {move.service: {} for move in over.moves if move.new is None and not move.worker}
    retired = _retire(over, fleet, traffic | gone)
    return (*found, Phase("retire", retired)) if retired else tuple(found)


def _stage(
    over: TakeOver, stage: Stage, fleet: dict[str, Members], traffic: Traffic
) -> tuple[Ranks, dict[str, Members]]:
    """The steps from the state before to *stage*, and the fleet it ends with."""
    after = {name: _members(over, name, counts) for name, counts in stage.replicas.items()}
    ranks: list[Rank] = []
    # Where nobody serves for a while (recreate), traffic ends before the fleet does.
    ending = {
        name: shares for name, shares in stage.traffic.items() if not shares and traffic.get(name) and not after[name]
    }
    moved: Traffic = dict(ending)
    if ending:
        ranks.append((SetTraffic(after=ending, back=stage.back, unwatched_s=over.unwatched_s),))
    for position, layer in enumerate(reversed(over.layers) if over.callers_first else over.layers):
        served = [name for name in layer if name in stage.traffic]
        started = tuple(step for name in served for step in _fleet_steps(name, fleet, after))
        ranks += [started] if started else []
        # A service that nobody served before takes its traffic at once: its callers look for it when they start.
        first = {n: stage.traffic[n] for n in served if not traffic.get(n) and stage.traffic[n] and not stage.back[n]}
        if first and position + 1 < len(over.layers):
            ranks.append((SetTraffic(after=first, back=stage.back, unwatched_s=over.unwatched_s),))
            moved |= first
    ranks += _worker_ranks(over, stage, fleet, after)
    batch = {n: shares for n, shares in stage.traffic.items() if n not in moved and shares != traffic.get(n, {})}
    if batch:
        ranks.append((SetTraffic(after=batch, back=stage.back, unwatched_s=over.unwatched_s),))
    fleet = fleet | after
    watched = _watched(over, fleet)
    if watched and ranks:
        ranks.append((Observe(watched=watched, traffic=stage.traffic, for_s=stage.hold_s),))
    return tuple(ranks), fleet


def _fleet_steps(name: str, fleet: dict[str, Members], after: dict[str, Members]) -> list[Step]:
    before = fleet.get(name, {})
    return [StartFleet(service=name, before=before, after=after[name])] if before != after[name] else []


def _worker_ranks(over: TakeOver, stage: Stage, fleet: dict[str, Members], after: dict[str, Members]) -> list[Rank]:
    """Workers change when all that serves is ready: first out goes what does not stay, then in comes what is new."""
    first: list[Step] = []
    then: list[Step] = []
    for name in (name for layer in over.layers for name in layer if name not in stage.traffic):
        before, wanted = fleet.get(name, {}), after[name]
        between = {release: member for release, member in before.items() if release in wanted}
        first += [StartFleet(service=name, before=before, after=between)] if between != before else []
        then += [StartFleet(service=name, before=between, after=wanted)] if wanted != between else []
    return [tuple(rank) for rank in (first, then) if rank]


def _members(over: TakeOver, name: str, counts: dict[int, int]) -> Members:
    found: Members = {}
    for release, count in counts.items():
        carrier = next(
            each[name] for each in (over.after, over.before) if name in each and each[name].revision == release
        )
        found[release] = member(carrier, count)
    return found


def member(carrier: ServiceRelease, count: int) -> Member:
    return Member(carrier.spec, count, carrier.version)


def _watched(over: TakeOver, fleet: dict[str, Members]) -> dict[str, dict[int, int]]:
    """The revisions that are new, and how many of each are to be ready."""
    found = {}
    for move in over.moves:
        now = fleet.get(move.service, {})
        if move.new is not None and move.new != move.old and move.new in now:
            found[move.service] = {move.new: now[move.new].count}
    return found


def _retire(over: TakeOver, fleet: dict[str, Members], traffic: Traffic) -> Ranks:
    """Callers before those they call; also where nothing is left to stop, for traffic needs no watcher any more."""
    ranks: list[Rank] = []
    for layer in reversed(over.layers):
        rank = []
        for move in (move for move in over.moves if move.service in layer):
            now = fleet.get(move.service, {})
            left = {release: each for release, each in now.items() if release == move.new}
            leaving = {release: each for release, each in now.items() if release != move.new}
            replaced = move.old is not None and move.old != move.new
            if replaced and (leaving or not move.worker):
                rank.append(Retire(service=move.service, leaving=leaving, after=left, traffic=traffic))
        ranks += [tuple(rank)] if rank else []
    return tuple(ranks)


def _all(release: int | None) -> Shares:
    return {} if release is None else {release: 100.0}
