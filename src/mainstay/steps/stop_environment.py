"""The step that stops an environment: services, then datastores, then the edge. It stays stopped after a reboot."""

from mainstay.drivers.world import RunWorld, World
from mainstay.errors import StepFailed
from mainstay.steps.step import Look, Step
from mainstay.steps.support.failure_text import how_it_ended
from mainstay.text.plural import counted


class StopEnvironment(Step, frozen=True, kw_only=True, tag="stop_environment"):
    """Stop every instance of the environment; keep fleets, traffic, ports and data for the next `start`."""

    within_s: float = 120.0

    reversible = False

    @property
    def title(self) -> str:
        return "Drain and stop services, then datastores, then the edge"

    def do(self, world: RunWorld) -> str:
        before = world.target.fleet_status()
        world.target.stop()
        world.waiter.wait_until(
            lambda: self.look(world) is Look.PRESENT,
            within=self.within_s,
            waiting_for="all instances to stop",
            remedy="mainstay down",
        )
        count = len(before.instances)
        how = how_it_ended(before.wanted, before, world.target.fleet_status())
        return f"{counted(count, 'instance')} stopped, data kept{how}"

    def look(self, world: World) -> Look:
        running = world.target.fleet_status()
        if running.started:
            return Look.ABSENT
        # Failed and stopped instances are still listed, but they do not run.
        alive = [one for one in running.instances if one.state not in {"failed", "stopped"}]
        return Look.PARTIAL if alive else Look.PRESENT

    def undo(self, world: RunWorld) -> str:
        raise StepFailed(
            "a stop cannot be undone; mainstay start starts the environment again", remedy="mainstay start"
        )
