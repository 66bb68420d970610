"""A rollout: the services that change between two releases, and what determines the order in which they change."""

import msgspec

from mainstay.model import Members, Release, ServiceRelease, Traffic
from mainstay.model.call_graph import Calls, calls_between
from mainstay.model.revision import Revision
from mainstay.planning.facts import Snapshot
from mainstay.planning.service_change import ServiceChange
from mainstay.planning.traffic_order import DrainLimits


class UnknownRevision(LookupError):
    """Raised for a revision that neither the old nor the new release has, which is a bug in the planner."""


class Rollout(msgspec.Struct, frozen=True):
    """The services that change between two releases, and the order in which they change."""

    changes: tuple[ServiceChange, ...]
    before: dict[str, ServiceRelease]
    after: dict[str, ServiceRelease]
    fleet: dict[str, Members]
    """The current desired fleets of the changed services."""
    calls: Calls
    """Calls among the changed services."""
    callers_first: bool = False
    """True for a rollback: a request in flight must not meet a callee older than its caller expects, so callers move
    first and are drained, and then their callees move. A deploy moves callees first."""

    @property
    def revert_after_s(self) -> float:
        """Seconds without a heartbeat until a whole stage is reverted: the shortest limit of its services."""
        return min(change.strategy.revert_after_s for change in self.changes)

    def service_at(self, service: str, revision: int) -> ServiceRelease:
        """Return *service* from the release that has this *revision* of it. Raises UnknownRevision when neither has."""
        for services in (self.after, self.before):
            if service in services and services[service].revision == revision:
                return services[service]
        raise UnknownRevision(str(Revision(service, revision)))

    def drain_limits(self, traffic: Traffic) -> DrainLimits:
        """Return, for every revision in *traffic*, the seconds that its requests may take to finish."""
        return {
            name: {revision: self.service_at(name, revision).workload.drain_s for revision in shares}
            for name, shares in traffic.items()
        }


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
