"""The step that sets the fleet of a service: which of its revisions run, and how many instances of each."""

from mainstay.drivers.world import RunWorld, World
from mainstay.model import Members, Revision
from mainstay.steps.step import Look, Step
from mainstay.steps.support import fleet_state, waits
from mainstay.text.plural import counted


class StartFleet(Step, frozen=True, kw_only=True, tag="start_fleet"):
    """Set the fleet of `service` from `before` to `after`.

    Waits until the added instances are ready; if there are none, until the removed ones have stopped.
    """

    service: str
    before: Members
    after: Members

    @property
    def title(self) -> str:
        added = self._added()
        words = [self._title_of("Start", release) for release in added] or [
            self._title_of("Stop" if release not in self.after else "Shrink", release)
            for release, member in self.before.items()
            if member != self.after.get(release)
        ]
        return ", ".join(words) or f"Keep {self.service}"

    def do(self, world: RunWorld) -> str:
        added = self._added()
        if added:
            world.target.set_fleet({self.service: self.after})
            return waits.await_ready(world, self.service, added)
        return waits.stop_surplus(world, self.service, self.after, self.before)

    def look(self, world: World) -> Look:
        wanted = world.target.fleet_status().wanted.get(self.service, {})
        if wanted != self.after:
            return Look.ABSENT
        now = fleet_state.instances_of(world.target.fleet_status(), self.service)
        added = self._added()
        there = fleet_state.all_ready(now, added) if added else not fleet_state.leftover(now, self.after)
        return Look.PRESENT if there else Look.PARTIAL

    def undo(self, world: RunWorld) -> str:
        gone = waits.stop_surplus(world, self.service, self.before, self._added())
        shrunk = {
            release: member
            for release, member in self.before.items()
            if release not in self.after or self.after[release].count < member.count
        }
        if shrunk:
            waits.await_ready(world, self.service, shrunk)
        kept = [
            f"{Revision(self.service, r)} still runs ({counted(m.count, 'instance')})" for r, m in self.before.items()
        ]
        return f"{', '.join(kept) or 'nothing runs, as before'}; new instances {gone}"

    def restore(self, world: RunWorld) -> None:
        # A worker's old fleet stops in a step before the one that starts the new fleet; only the latter is restored.
        if self._added():
            self.do(world)

    def _added(self) -> Members:
        return {
            release: member
            for release, member in self.after.items()
            if release not in self.before or self.before[release].count < member.count
        }

    def _title_of(self, verb: str, release: int) -> str:
        count = (self.after.get(release) or self.before[release]).count
        name = f"{verb} {Revision(self.service, release)}"
        if release in self.before and release in self.after:
            return f"{name} from {self.before[release].count} to {count}"
        return name if count == 1 else f"{name}, {count} replicas"
