"""The change of fleets and traffic in one stage of a rollout."""

from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from mainstay.model import Member, Members, Shifts, Stage, Traffic
from mainstay.model.synthetic import WhenQuiet
from mainstay.planning.rollout import Rollout
from mainstay.planning.strategy import all_traffic, stages
from mainstay.planning.traffic_order import shifts_callees_first, shifts_callers_first


class TrafficChanges(NamedTuple):
    """The services whose traffic one stage changes, with their shares after it."""

    ended: Traffic
    """Services that have no instances for a while (`recreate`): their traffic ends before their fleet stops."""
    first: Traffic
    """Services without traffic before the stage, and with none to revert to."""
    shifted: Traffic
    """All other services whose traffic changes."""


class StageChange(msgspec.Struct, frozen=True):
    """The change from `fleet` and `traffic`, which are desired before a stage, to those of `stage`."""

    rollout: Rollout
    stage: Stage
    fleet: dict[str, Members]
    traffic: Traffic

    @property
    def fleet_after(self) -> dict[str, Members]:
        """The desired fleets after the stage."""
        fleet: dict[str, Members] = {}
        for name, counts in self.stage.replicas.items():
            at = {revision: self.rollout.service_at(name, revision) for revision in counts}
            fleet[name] = {each: Member(at[each].workload, count, at[each].version) for each, count in counts.items()}
        return fleet

    @property
    def workers(self) -> list[str]:
        """The services of the stage that have replicas and no traffic."""
        return [name for name in self.stage.replicas if name not in self.stage.traffic]

    @property
    def traffic_changes(self) -> TrafficChanges:
        """The services whose traffic the stage changes, grouped by when it has to change."""
        changes = TrafficChanges({}, {}, {})
        for name, shares in self.stage.traffic.items():
            before = self.traffic.get(name, {})
            if shares == before:
                continue
            if not shares and not self.stage.replicas[name]:
                changes.ended[name] = shares
            elif not before and not self.stage.revert_to[name]:
                changes.first[name] = shares
            else:
                changes.shifted[name] = shares
        return changes

    @property
    def reverting_shifts(self) -> Shifts:
        """The shifts that revert the whole stage, in reverse order: callers first if the stage moves callees first."""
        revert_to, calls = self.stage.revert_to, self.rollout.calls
        if self.rollout.callers_first:
            return shifts_callees_first(revert_to, calls)
        serving = {name: self.traffic.get(name, {}) | shares for name, shares in self.stage.traffic.items()}
        return shifts_callers_first(revert_to, calls, self.rollout.drain_limits(serving))

    @property
    def watched(self) -> dict[str, dict[int, int]]:
        """The new revisions that run after the stage, each with the number of instances that must be ready."""
        found = {}
        for change in self.rollout.changes:
            counts = self.stage.replicas[change.service]
            if change.new is not None and change.new != change.old and change.new in counts:
                found[change.service] = {change.new: counts[change.new]}
        return found

    @property
    def replaced(self) -> dict[str, int | None]:
        """The services whose new revision has traffic after the stage, each with the revision that it replaces.

        None for a new service. Empty in a rollback to an older release, which must not wait for a comparison.
        """
        if self.rollout.callers_first:
            return {}
        changes = {change.service: change for change in self.rollout.changes}
        return {
            name: changes[name].old
            for name, releases in self.watched.items()
            if any(self.stage.traffic.get(name, {}).get(release) for release in releases)
        }

    @property
    def when_quiet(self) -> dict[str, WhenQuiet]:
        """The setting `when_quiet` of each service in `replaced`, unless it is `hold`."""
        settings = {change.service: change.strategy.when_quiet for change in self.rollout.changes}
        return {name: settings[name] for name in self.replaced if settings[name] != "hold"}


def stage_changes(rollout: Rollout) -> tuple[StageChange, ...]:
    """Return the change of each stage of *rollout*, in order."""
    fleet = rollout.fleet
    traffic: Traffic = {change.service: all_traffic(change.old) for change in rollout.changes if not change.worker}
    found = []
    for stage in stages(rollout.changes, early=rollout.callers_first):
        change = StageChange(rollout, _without_removed_callers(rollout, stage), fleet, traffic)
        found.append(change)
        fleet, traffic = change.fleet_after, change.stage.traffic
    return tuple(found)


def _without_removed_callers(rollout: Rollout, stage: Stage) -> Stage:
    """Return *stage* without the callers that a rollback removes: no requests for services, no instances of workers.

    In a rollback these callers would meet callees older than themselves. A deploy keeps them until its retire phase.
    """
    if not rollout.callers_first:
        return stage
    removed = [change.service for change in rollout.changes if change.new is None and rollout.calls[change.service]]
    return replace(
        stage,
        traffic=stage.traffic | {name: {} for name in removed if name in stage.traffic},
        replicas=stage.replicas | {name: {} for name in removed if name not in stage.traffic},
    )
