"""The step that removes the data of a stopped environment. Its journal, settings, secrets and keys stay."""

from mainstay.drivers.world import RunWorld, World
from mainstay.errors import StepFailed
from mainstay.steps.step import Look, Step

REMOVED = {"present": Look.ABSENT, "partial": Look.PARTIAL, "absent": Look.PRESENT}
"""How much of the step is done, by how much data is left (`Target.data_left`)."""


class RemoveData(Step, frozen=True, kw_only=True, tag="remove_data"):
    """Remove data, releases and logs permanently. A person has confirmed this by the environment's name."""

    reversible = False

    @property
    def title(self) -> str:
        return "Remove data, releases and logs permanently"

    def do(self, world: RunWorld) -> str:
        return f"{world.target.remove()} removed; journal, settings, secrets and keys are kept"

    def look(self, world: World) -> Look:
        return REMOVED[world.target.data_left()]

    def undo(self, world: RunWorld) -> str:
        raise StepFailed("removed data cannot be restored", remedy="mainstay up")
