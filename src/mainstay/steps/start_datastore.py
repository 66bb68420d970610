"""Provide a datastore: start its only instance, initialise its store and create its roles."""

from collections.abc import Callable

from mainstay.drivers.datastores.datastore import Datastore
from mainstay.drivers.world import RunWorld, World
from mainstay.errors import StepFailed
from mainstay.model import Job, Members
from mainstay.steps.step import Look, Step
from mainstay.steps.support import jobs, waits


class ProvideDatastore(Step, frozen=True, kw_only=True, tag="provide_datastore"):
    """Run the datastore `name` as `after` (empty: it runs elsewhere) and bring its roles to the desired state.

    `job` is the prefix of the ids of its jobs.
    """

    name: str
    before: Members
    after: Members
    job: str

    @property
    def title(self) -> str:
        if not self.after:
            return f"Reach {self.name}"
        version = next(iter(self.after.values())).version
        return f"{'Restart' if self.before else 'Start'} {self.name} ({version}) and make its roles"

    def do(self, world: RunWorld) -> str:
        store = world.datastores[self.name]
        store.prepare()
        if self.after:
            self._initialise(world, store)
            world.target.set_fleet({self.name: self.after})
            waits.await_ready(world, self.name, self.after)
        self._make_roles(world, store)
        return f"{store.kind} {store.version()} ready, roles made"

    def look(self, world: World) -> Look:
        wanted = world.target.fleet_status().wanted.get(self.name, {})
        begun = jobs.known(world, self._initialising) or jobs.known(world, self._roles)
        if wanted != self.after or (wanted == self.before and not begun):
            return Look.PARTIAL if begun else Look.ABSENT
        roles = world.target.job_state(jobs.current(world, self._roles))
        made = roles.state == "ended" and roles.code == 0
        there = waits.all_ready(waits.instances(world, self.name), self.after)
        return Look.PRESENT if made and there else Look.PARTIAL

    def undo(self, world: RunWorld) -> str:
        jobs.stop(world, self._initialising)
        jobs.stop(world, self._roles)
        if self.before == self.after:
            return f"{self.name} was there before"
        gone = waits.let_go(world, self.name, self.before, self.after)
        if self.before:
            waits.await_ready(world, self.name, self.before)
            return f"{self.name} runs as before"
        return f"{self.name} {gone}, its data is kept"

    @property
    def _initialising(self) -> str:
        return f"{self.job}-initialise"

    @property
    def _roles(self) -> str:
        return f"{self.job}-roles"

    def _initialise(self, world: RunWorld, store: Datastore) -> None:
        _to_the_end(world, self._initialising, store.initialise)

    def _make_roles(self, world: RunWorld, store: Datastore) -> None:
        _to_the_end(world, self._roles, store.roles)


def _to_the_end(world: RunWorld, identity: str, job: Callable[[str], Job | None]) -> None:
    """Run *job* until it has succeeded. Both jobs are idempotent, so one with an unknown outcome is run again.

    Each attempt has an id of its own. Raises StepFailed when the job fails, or after `jobs.TRIES` unknown outcomes.
    """
    for _ in range(jobs.TRIES):
        wanted = job(jobs.current(world, identity))
        if wanted is None or jobs.finish(world, wanted, remedy="mainstay deploy").state == "ended":
            return
    raise StepFailed(
        f"the outcome of {identity} is unknown: its job was lost {jobs.TRIES} times", remedy="mainstay deploy"
    )
