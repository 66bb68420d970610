"""A rollout: the services that change between two releases, and the calls by which their changes are ordered."""

from typing import Literal

import msgspec
from msgspec.structs import replace

from mainstay.model import Members, Release, ServiceRelease, Strategy, Traffic
from mainstay.model.call_graph import Calls, calls_between
from mainstay.planning.facts import Snapshot
from mainstay.planning.traffic_order import DrainLimits


class ServiceChange(msgspec.Struct, frozen=True):
    """The change of one service from revision `old` (None: it is added) to revision `new` (None: it is removed).

    If both are equal, only the number of replicas changes. A worker has replicas and no traffic.
    """

    service: str
    old: int | None
    old_count: int
    """Replicas of `old`."""
    new: int | None
    count: int
    """Replicas of `new`."""
    strategy: Strategy = Strategy()
    worker: bool = False
    overlap: bool = False
    """Workers only: whether the old fleet keeps running until the new one has settled."""

    @property
    def replaces(self) -> bool:
        """Whether a new revision replaces an old one."""
        return self.old is not None and self.new is not None and self.old != self.new

    def in_one_switch(self) -> "ServiceChange":
        """Return this change with a strategy that moves all traffic at once and does not settle; `recreate` is kept."""
        kind: Literal["recreate", "blue-green"] = "recreate" if self.strategy.kind == "recreate" else "blue-green"
        return replace(self, strategy=Strategy(kind, settle_s=0.0, revert_after_s=self.strategy.revert_after_s))


class Rollout(msgspec.Struct, frozen=True):
    """The services that change between the releases `before` and `after`, and the order in which they change."""

    changes: tuple[ServiceChange, ...]
    before: dict[str, ServiceRelease]
    after: dict[str, ServiceRelease]
    fleet: dict[str, Members]
    """The current desired fleets of the changed services."""
    calls: Calls
    """Calls among the changed services."""
    callers_first: bool = False
    """Whether callers move and are drained before their callees move, as in a rollback to an older release: a request
    in flight must not meet a callee older than its caller expects. A deploy moves callees first."""

    @property
    def revert_after_s(self) -> float:
        """Seconds without a heartbeat of the run after which the traffic of a whole stage is reverted: the shortest
        `revert_after` of the changed services."""
        return min(change.strategy.revert_after_s for change in self.changes)

    @property
    def replacing(self) -> list[ServiceChange]:
        """The changes that replace a revision which receives requests by another one."""
        return [change for change in self.changes if change.replaces and not change.worker]

    @property
    def compares(self) -> bool:
        """Whether requests of new revisions are compared with those of the replaced ones."""
        strategies = [change.strategy for change in self.replacing]
        return any(each.settle_s or (each.kind == "canary" and each.hold_s) for each in strategies)

    def service_at(self, service: str, revision: int) -> ServiceRelease:
        """Return *service* at this *revision*, from whichever of the releases `before` and `after` has it."""
        found = (services[service] for services in (self.before, self.after) if service in services)
        return {each.revision: each for each in found}[revision]

    def drain_limits(self, traffic: Traffic) -> DrainLimits:
        """Return, for every revision in *traffic*, the seconds that its requests may take to finish."""
        return {
            name: {revision: self.service_at(name, revision).workload.drain_s for revision in shares}
            for name, shares in traffic.items()
        }


def service_changes(now: Snapshot, release: Release) -> tuple[ServiceChange, ...]:
    """Return the services whose revision or number of replicas changes, in the order of *release*."""
    before = now.release.services if now.release else {}
    changes = []
    for name in [*release.services, *(name for name in before if name not in release.services)]:
        old, new = before.get(name), release.services.get(name)
        either = new or old
        if either is None or (old and new and (old.revision, old.replicas) == (new.revision, new.replicas)):
            continue
        changes.append(
            ServiceChange(
                service=name,
                old=old.revision if old else None,
                old_count=old.replicas if old else 0,
                new=new.revision if new else None,
                count=new.replicas if new else 0,
                strategy=either.strategy,
                worker=not either.workload.listens,
                overlap=either.workload.overlap,
            )
        )
    return tuple(changes)


def rollout_to(
    release: Release, now: Snapshot, changes: tuple[ServiceChange, ...], *, callers_first: bool = False
) -> Rollout:
    """Return the rollout of *changes*, after which *release* is live."""
    before = now.release.services if now.release else {}
    return Rollout(
        changes=changes,
        before=before,
        after=release.services,
        fleet={change.service: now.running.wanted.get(change.service, {}) for change in changes},
        calls=calls_between((before, release.services), (change.service for change in changes)),
        callers_first=callers_first,
    )
