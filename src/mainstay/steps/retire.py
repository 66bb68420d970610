"""The step that drains and stops the old fleet. Once it has started, the run is only retried, never undone."""

from mainstay.drivers.world import RunWorld, World
from mainstay.errors import StepFailed
from mainstay.model import Members, Revision, Shifts, end_of
from mainstay.steps.set_traffic import await_traffic, same
from mainstay.steps.step import Look, Step
from mainstay.steps.support import fleet_state, waits


class Retire(Step, frozen=True, kw_only=True, tag="retire"):
    """Drain and stop the revisions `leaving` of `service`; the revisions `after` keep running.

    The step first requests `traffic`, the final traffic of all services in the rollout, without a lease: from then on
    it no longer depends on the run's heartbeat.
    """

    service: str
    leaving: Members
    after: Members
    traffic: Shifts

    reversible = False

    @property
    def _leaving(self) -> str:
        return (
            ", ".join(str(Revision(self.service, each)) for each in self.leaving)
            or f"the remaining instances of {self.service}"
        )

    @property
    def title(self) -> str:
        return f"Retire {self._leaving}"

    def do(self, world: RunWorld) -> str:
        # Traffic is set first: if it had just been reverted automatically, this step would stop the live revision.
        world.target.set_traffic(self.traffic)
        await_traffic(world, self.traffic)
        return f"{self._leaving} {waits.stop_surplus(world, self.service, self.after, self.leaving)}"

    def look(self, world: World) -> Look:
        running, serving = world.target.fleet_status(), world.target.traffic_status()
        settled = same(serving.wanted, end_of(self.traffic)) and serving.reverts_to is None
        if not settled or running.wanted.get(self.service, {}) != self.after:
            return Look.ABSENT
        left = fleet_state.leftover(fleet_state.instances_of(world.target.fleet_status(), self.service), self.after)
        return Look.PARTIAL if left else Look.PRESENT

    def undo(self, world: RunWorld) -> str:
        raise StepFailed(
            f"{self.title}: a retired revision cannot be started again by an undo", remedy="mainstay rollback"
        )
