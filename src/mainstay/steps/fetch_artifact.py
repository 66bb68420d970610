"""The step that prepares an artifact on the target, before the run changes anything that is live."""

from mainstay.drivers.targets.preparation import Preparation
from mainstay.drivers.world import RunWorld, World
from mainstay.model import Artifact, Image, SourceTree
from mainstay.steps.step import Look, Step
from mainstay.text.plural import counted


class FetchArtifact(Step, frozen=True, kw_only=True, tag="fetch"):
    """Prepare an artifact on the target: copy and build a source tree, or pull an image."""

    artifact: Artifact
    what: tuple[str, ...]
    """What the artifact is for: names of services, or `the migrations of DATASTORE`."""
    job: str
    """Prefix of the ids of its build jobs."""
    kept: bool = False
    """Whether the artifact had been prepared when the plan was made, even if it was damaged afterwards."""
    repairs: bool = False
    """Whether the artifact belongs to a service that does not change, and was damaged when the plan was made."""

    @property
    def timed_as(self) -> str:
        # Builds are timed per service, because the duration of copies does not predict that of a build.
        return f"build {', '.join(self.what)}" if self._builds and not self.kept else self.kind

    @property
    def title(self) -> str:
        names = ", ".join(self.what)
        if self.repairs:
            return f"Repair the content of {names} ({self._contains})"
        return f"{'Reuse' if self.kept else self._verb} {names} ({self._contains})"

    def do(self, world: RunWorld) -> str:
        return world.target.prepare(self.artifact, self._by(world))

    def look(self, world: World) -> Look:
        return Look(world.target.prepared(self.artifact, self._by(world)))

    def undo(self, world: RunWorld) -> str:
        return world.target.discard(self.artifact, self._by(world))

    def _by(self, world: World) -> Preparation:
        return Preparation(", ".join(self.what), self.job, world.waiter)

    @property
    def _builds(self) -> bool:
        return isinstance(self.artifact, SourceTree) and bool(self.artifact.build)

    @property
    def _verb(self) -> str:
        return "Pull" if isinstance(self.artifact, Image) else "Copy and build" if self._builds else "Copy"

    @property
    def _contains(self) -> str:
        return self.artifact.reference if isinstance(self.artifact, Image) else counted(self.artifact.files, "file")
