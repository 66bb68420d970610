"""Turn the stages of all services into phases of steps; shared by deploy and rollback."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from mainstay.model import Member, Members, Release, ServiceRelease, Shares, Shifts, Stage, Traffic
from mainstay.model.call_graph import Calls, callees_first, callers_first
from mainstay.planning.facts import Snapshot
from mainstay.planning.plan import Phase
from mainstay.planning.shifts import Leaving, to_newer, to_older
from mainstay.planning.strategy import ServiceChange, stages
from mainstay.steps.configure_edge import ProvideEdge
from mainstay.steps.observe import Observe
from mainstay.steps.retire import Retire
from mainstay.steps.set_traffic import SetTraffic
from mainstay.steps.settle import Settle
from mainstay.steps.start_fleet import StartFleet
from mainstay.steps.step import Step

Rank = tuple[Step, ...]
Ranks = tuple[Rank, ...]


class UnknownRevision(LookupError):
    """Raised for a revision that neither the old nor the new release has, which is a bug in the planner."""


class Rollout(msgspec.Struct, frozen=True):
    """The services that change between two releases, and what determines the order in which they change."""

    moves: tuple[ServiceChange, ...]
    before: dict[str, ServiceRelease]
    after: dict[str, ServiceRelease]
    fleet: dict[str, Members]
    """The current desired fleets of the changed services."""
    calls: Calls
    """Calls among the changed services."""
    settle_s: float
    callers_first: bool = False
    """True for a rollback: a request in flight must not meet a callee older than its caller expects, so callers move
    first and are drained, and then their callees move. A deploy moves callees first."""
    final_edge: ProvideEdge | None = None
    """The edge with only the routes of the new release."""

    @property
    def revert_after_s(self) -> float:
        """Seconds without a heartbeat until a whole stage is reverted: the shortest limit of its services."""
        return min(move.strategy.revert_after_s for move in self.moves)

    @property
    def moving(self) -> tuple[str, ...]:
        return tuple(move.service for move in self.moves)

    def service_at(self, service: str, revision: int) -> ServiceRelease:
        """Return *service* from the release that has this *revision* of it. Raises UnknownRevision when neither has."""
        for services in (self.after, self.before):
            if service in services and services[service].revision == revision:
                return services[service]
        raise UnknownRevision(f"{service}@{revision}")

    def drains(self, traffic: Traffic) -> Leaving:
        """Return, for every revision in *traffic*, the seconds that its requests may take to finish."""
        return {
            name: {revision: self.service_at(name, revision).workload.drain_s for revision in shares}
            for name, shares in traffic.items()
        }


def moves_between(now: Snapshot, release: Release) -> tuple[ServiceChange, ...]:
    """Return the services whose revision or number of replicas changes, in the order of *release*."""
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
            ServiceChange(
                service=name,
                old=old.revision if old else None,
                old_count=old.replicas if old else 0,
                new=new.revision if new else None,
                count=new.replicas if new else 0,
                strategy=chosen.strategy,
                worker=chosen.workload.port == "none",
                overlap=chosen.workload.overlap,
            )
        )
    return tuple(moves)


def phases(over: Rollout) -> tuple[Phase, ...]:
    """Return one phase for each stage, then the settle phase, then the retire phase."""
    if not over.moves:
        return (Phase("release", ((over.final_edge,),)),) if over.final_edge else ()
    found: list[Phase] = []
    every = stages(over.moves, at_once=over.callers_first)
    fleet = dict(over.fleet)
    traffic: Traffic = {move.service: _all(move.old) for move in over.moves if not move.worker}
    for number, stage in enumerate(every, 1):
        last = number == len(every)
        change = StageChange(over, _without_removed_callers(over, stage), fleet, traffic)
        ranks = change.ranks(over.final_edge if last else None)
        name = "release" if len(every) == 1 else f"stage {number} of {len(every)}"
        found.append(Phase(name, ranks, stage=number if len(every) > 1 else None))
        fleet, traffic = fleet | change.after, change.stage.traffic
    watched = _watched(over, fleet)
    if over.settle_s and watched and any(move.old is not None for move in over.moves):
        found.append(Phase("settle", ((Settle(watched=watched, traffic=traffic, for_s=over.settle_s),),)))
    retired = _retire(over, fleet, traffic)
    return (*found, Phase("retire", retired)) if retired else tuple(found)


def _without_removed_callers(over: Rollout, stage: Stage) -> Stage:
    """Return *stage* without the callers that a rollback removes: no requests for services, no instances of workers.

    In a rollback they would meet callees older than themselves. A deploy keeps them until its retire phase.
    """
    if not over.callers_first:
        return stage
    gone = [move.service for move in over.moves if move.new is None and over.calls[move.service]]
    return replace(
        stage,
        traffic=stage.traffic | {name: {} for name in gone if name in stage.traffic},
        replicas=stage.replicas | {name: {} for name in gone if name not in stage.traffic},
    )


class TrafficChanges(NamedTuple):
    """The services whose traffic one stage changes, with their shares after it."""

    ending: Traffic
    """Services that have no instances for a while (`recreate`): their traffic ends before their fleet stops."""
    first: Traffic
    """Services without traffic before the stage, and with none to revert to."""
    moved: Traffic
    """All other services whose traffic changes."""


class StageChange(NamedTuple):
    """The change from the desired `fleet` and `traffic` before a stage to those of `stage`."""

    over: Rollout
    stage: Stage
    fleet: dict[str, Members]
    traffic: Traffic

    @property
    def after(self) -> dict[str, Members]:
        """The desired fleets of the stage."""
        at = self.over.service_at
        return {
            name: {revision: member(at(name, revision), count) for revision, count in counts.items()}
            for name, counts in self.stage.replicas.items()
        }

    def ranks(self, edge: ProvideEdge | None) -> Ranks:
        """Return the ranks of the stage. *edge* changes the routes once every service that they lead to has traffic."""
        edges: Ranks = ((edge,),) if edge else ()
        ranks = self._rollback(edges) if self.over.callers_first else self._deploy(edges)
        watched = _watched(self.over, self.fleet | self.after)
        observe = Observe(watched=watched, traffic=self.stage.traffic, for_s=self.stage.hold_s)
        return (*ranks, (observe,)) if watched and ranks else ranks

    def _deploy(self, edges: Ranks) -> Ranks:
        over, changes = self.over, self._traffic_changes()
        called = frozenset[str]().union(*over.calls.values())
        # A new service needs its traffic before its callers start, because they may call it at once.
        first = {name: shares for name, shares in changes.first.items() if name in called}
        moved = changes.moved | {name: shares for name, shares in changes.first.items() if name not in called}
        # A worker calls its callees as soon as it runs, so it starts after their traffic has moved.
        late = [name for name in self._workers if over.calls[name]]
        return (
            *self._set_traffic(to_older(changes.ending, over.calls, over.drains(self.traffic))),
            *self._starts(first),
            *self._worker_ranks([name for name in self._workers if name not in late]),
            *self._set_traffic(to_newer(moved, over.calls)),
            *self._worker_ranks(late),
            *edges,
        )

    def _rollback(self, edges: Ranks) -> Ranks:
        over, changes = self.over, self._traffic_changes()
        moved = changes.moved | changes.ending
        return (
            *self._starts(changes.first, without=changes.ending),
            *self._worker_ranks(self._workers),
            *edges,
            *self._set_traffic(to_older(moved, over.calls, over.drains(self.traffic))),
            *(rank for layer in callers_first(over.calls, changes.ending) if (rank := self._fleet_steps(layer))),
        )

    @property
    def _workers(self) -> list[str]:
        return [name for name in self.stage.replicas if name not in self.stage.traffic]

    def _traffic_changes(self) -> TrafficChanges:
        """Return the services whose traffic changes, grouped by how it changes."""
        changes = TrafficChanges({}, {}, {})
        for name, shares in self.stage.traffic.items():
            before = self.traffic.get(name, {})
            if shares == before:
                continue
            if not shares and not self.stage.replicas[name]:
                changes.ending[name] = shares
            elif not before and not self.stage.back[name]:
                changes.first[name] = shares
            else:
                changes.moved[name] = shares
        return changes

    def _starts(self, first: Traffic, without: Traffic | None = None) -> Ranks:
        """Return the steps that start fleets, callees first; those in *first* get their traffic right after."""
        ranks: list[Rank] = []
        for layer in callees_first(self.over.calls):
            served = [name for name in layer if name in self.stage.traffic and name not in (without or {})]
            steps = self._fleet_steps(served)
            ranks += [steps] if steps else []
            ranks += self._set_traffic(to_newer({n: first[n] for n in served if n in first}, self.over.calls))
        return tuple(ranks)

    def _fleet_steps(self, names: Iterable[str]) -> Rank:
        after = self.after
        return tuple(
            StartFleet(service=name, before=self.fleet.get(name, {}), after=after[name])
            for name in names
            if self.fleet.get(name, {}) != after[name]
        )

    def _worker_ranks(self, names: list[str]) -> Ranks:
        """Return the steps that stop the old workers and then start the new ones; with `overlap`, the reverse."""
        first: list[Step] = []
        then: list[Step] = []
        for name in names:
            before, wanted = self.fleet.get(name, {}), self.after[name]
            overlap = any(each.workload.overlap for each in wanted.values())
            kept = {revision: each for revision, each in before.items() if revision in wanted}
            between = before | wanted if overlap else kept
            first += [StartFleet(service=name, before=before, after=between)] if between != before else []
            then += [StartFleet(service=name, before=between, after=wanted)] if wanted != between else []
        return tuple(tuple(rank) for rank in (first, then) if rank)

    def _set_traffic(self, shifts: Shifts) -> Ranks:
        if not shifts:
            return ()
        return ((SetTraffic(after=shifts, back=self._back, revert_after_s=self.over.revert_after_s),),)

    @property
    def _back(self) -> Shifts:
        """The shifts that revert the whole stage: callers first after a deploy, callees first after a rollback."""
        back, calls = self.stage.back, self.over.calls
        if self.over.callers_first:
            return to_newer(back, calls)
        leaving = {name: self.traffic.get(name, {}) | shares for name, shares in self.stage.traffic.items()}
        return to_older(back, calls, self.over.drains(leaving))


def member(service: ServiceRelease, count: int) -> Member:
    """Return *count* replicas of *service* for a fleet."""
    return Member(service.workload, count, service.version)


def _watched(over: Rollout, fleet: dict[str, Members]) -> dict[str, dict[int, int]]:
    """Return the new revisions, each with the number of instances that must be ready."""
    found = {}
    for move in over.moves:
        now = fleet.get(move.service, {})
        if move.new is not None and move.new != move.old and move.new in now:
            found[move.service] = {move.new: now[move.new].count}
    return found


def _retire(over: Rollout, fleet: dict[str, Members], traffic: Traffic) -> Ranks:
    """Return the steps that retire callers before their callees.

    There is a step even when no instance is left to stop, because it ends the lease on traffic.
    """
    ranks: list[Rank] = []
    for layer in callers_first(over.calls):
        moves = [move for move in over.moves if move.service in layer]
        # A removed service keeps its traffic until its last callers are retired.
        traffic = traffic | {move.service: {} for move in moves if move.new is None and not move.worker}
        shifts = to_older(traffic, over.calls, {}) if over.callers_first else to_newer(traffic, over.calls)
        rank = []
        for move in moves:
            now = fleet.get(move.service, {})
            left = {revision: each for revision, each in now.items() if revision == move.new}
            leaving = {revision: each for revision, each in now.items() if revision != move.new}
            replaced = move.old is not None and move.old != move.new
            if replaced and (leaving or not move.worker):
                rank.append(Retire(service=move.service, leaving=leaving, after=left, traffic=shifts))
        ranks += [tuple(rank)] if rank else []
    return tuple(ranks)


def _all(revision: int | None) -> Shares:
    return {} if revision is None else {revision: 100.0}
