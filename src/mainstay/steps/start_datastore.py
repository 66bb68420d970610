"""The step that creates a datastore if it does not exist, starts its only instance, and configures it."""

from mainstay.drivers.datastores.datastore import Provisioned
from mainstay.drivers.targets import jobs
from mainstay.drivers.world import RunWorld, World
from mainstay.errors import StepFailed
from mainstay.model import Members
from mainstay.steps.step import Look, Step
from mainstay.steps.support import fleet_state, waits


class StartDatastore(Step, frozen=True, kw_only=True, tag="start_datastore"):
    """Change the instance of the datastore `name` from `before` to `after`, and apply its configuration."""

    name: str
    before: Members
    """The instance that runs before the step; empty: none runs yet."""
    after: Members
    job: str
    """Prefix of the ids of its jobs."""

    @property
    def title(self) -> str:
        version = next(iter(self.after.values())).version
        return f"{'Restart' if self.before else 'Start'} {self.name} ({version})"

    def do(self, world: RunWorld) -> str:
        store = self._store(world)
        store.prepare()
        jobs.finish_idempotent(world.target, world.waiter, self._initialise_job, store.initialise)
        world.target.set_fleet({self.name: self.after})
        waits.await_ready(world, self.name, self.after)
        jobs.finish_idempotent(world.target, world.waiter, self._configure_job, store.configure)
        return f"{store.kind} {store.version()} ready"

    def look(self, world: World) -> Look:
        wanted = world.target.fleet_status().wanted.get(self.name, {})
        started = jobs.known(world.target, self._initialise_job) or jobs.known(world.target, self._configure_job)
        if wanted != self.after or (wanted == self.before and not started):
            return Look.PARTIAL if started else Look.ABSENT
        ready = fleet_state.all_ready(fleet_state.instances_of(world.target.fleet_status(), self.name), self.after)
        return Look.PRESENT if ready and self._is_configured(world) else Look.PARTIAL

    def undo(self, world: RunWorld) -> str:
        jobs.stop(world.target, self._initialise_job)
        jobs.stop(world.target, self._configure_job)
        if self.before == self.after:
            return f"{self.name} was there before"
        stopped = waits.stop_surplus(world, self.name, self.before, self.after)
        if self.before:
            waits.await_ready(world, self.name, self.before)
            return f"{self.name} runs as before"
        return f"{self.name} {stopped}, its data is kept"

    @property
    def _initialise_job(self) -> str:
        return f"{self.job}-initialise"

    @property
    def _configure_job(self) -> str:
        return f"{self.job}-configure"

    def _store(self, world: World) -> Provisioned:
        store = world.datastores[self.name]
        if not isinstance(store, Provisioned):
            raise StepFailed(f"Mainstay cannot run a {store.kind} datastore", remedy="mainstay validate")
        return store

    def _is_configured(self, world: World) -> bool:
        job = jobs.current(world.target, self._configure_job)
        state = world.target.job_state(job)
        # A datastore without configuration has no such job.
        return (state.state == "ended" and state.code == 0) or self._store(world).configure(job) is None
