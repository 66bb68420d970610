"""The step that runs the pending migrations of a datastore as a job."""

from mainstay.drivers.datastores.datastore import Migratable, Schema
from mainstay.drivers.targets import jobs
from mainstay.drivers.world import RunWorld, World
from mainstay.errors import StepFailed, Unreachable
from mainstay.steps.step import Look, Step
from mainstay.text.plural import counted

SESSION_ENDS_WITHIN_S = 60.0


class Migrate(Step, frozen=True, kw_only=True, tag="migrate"):
    """Bring the schema of the datastore `name` to the revision `after` by running its pending migrations."""

    name: str
    migrations: str
    """Key of the artifact that contains the migrations."""
    pending: tuple[str, ...]
    """The revisions of the migrations to run, in order."""
    before: str
    """The schema revision before the step; empty for an empty schema."""
    after: str
    """The schema revision after the last pending migration."""
    job: str
    """Prefix of the ids of its jobs."""

    @property
    def title(self) -> str:
        count = counted(len(self.pending), "migration")
        return f"Migrate {self.name} to {self.after} ({count})"

    def do(self, world: RunWorld) -> str:
        store, folder = self._store(world), self._folder(world)
        for _ in range(jobs.TRIES):
            identity = jobs.current(world.target, self.job)
            if identity != self.job and self._succeeded_unobserved(world):
                break
            job = store.migrate(identity, folder)
            if jobs.finish(world.target, world.waiter, job, remedy=self._remedy).state == "ended":
                break
        schema = self._schema(world)
        if not schema.reachable or schema.pending or schema.half_done:
            raise StepFailed(f"{self.name} is not at {self.after} but {_described(schema)}", remedy=self._remedy)
        return f"{self.name} at {schema.revision}, {len(self.pending)} run"

    def look(self, world: World) -> Look:
        if world.target.job_state(jobs.current(world.target, self.job)).state == "running":
            return Look.PARTIAL
        schema = self._schema(world)
        if not schema.reachable or schema.half_done:
            return Look.UNKNOWN
        if schema.busy:
            return Look.PARTIAL
        if not schema.pending:
            return Look.PRESENT
        return Look.ABSENT if schema.revision == self.before else Look.PARTIAL

    def undo(self, world: RunWorld) -> str:
        jobs.stop(world.target, self.job)
        schema = self._schema(world)
        if schema.revision == self.before and not schema.half_done:
            return f"{self.name} stays at {self.before or 'an empty schema'}"
        return f"the schema of {self.name} is kept as it is: {_described(schema)}"

    @property
    def _remedy(self) -> str:
        return f"fix the migrations of {self.name}, then mainstay deploy"

    def _store(self, world: World) -> Migratable:
        store = world.datastores[self.name]
        if not isinstance(store, Migratable):
            raise StepFailed(f"a {store.kind} datastore has no migrations", remedy="mainstay validate")
        return store

    def _folder(self, world: World) -> str:
        return str(world.folders.content(self.migrations))

    def _schema(self, world: World) -> Schema:
        listener = world.target.traffic_status().listeners.get(self.name, "")
        try:
            return self._store(world).schema(self._folder(world), listener)
        except Unreachable:
            return Schema(reachable=False)

    def _succeeded_unobserved(self, world: World) -> bool:
        """Return True when an earlier attempt, whose outcome is unknown, ran all migrations.

        Waits until the earlier attempt's database session has ended, because a second attempt must not run beside it.
        Raises StepFailed when a migration outside a transaction did not end.
        """
        world.waiter.wait_until(
            lambda: not self._schema(world).busy,
            within=SESSION_ENDS_WITHIN_S,
            waiting_for=f"the end of the earlier migration of {self.name}",
            remedy="mainstay resume",
        )
        schema = self._schema(world)
        if schema.half_done:
            what = f"{self.name}: {', '.join(schema.half_done)} began outside a transaction and did not end"
            raise StepFailed(what, remedy="check the schema, fix it by hand, then mainstay deploy")
        return schema.reachable and not schema.pending


def _described(schema: Schema) -> str:
    if not schema.reachable:
        return "it does not answer"
    parts = [f"at {schema.revision or 'nothing'}"]
    parts += [f"{len(schema.pending)} pending"] if schema.pending else []
    parts += [f"half done: {', '.join(schema.half_done)}"] if schema.half_done else []
    return ", ".join(parts)
