"""A toy step: a toy is in the state folder."""

from mainstay.drivers.world import RunWorld, World
from mainstay.steps.step import Look, Step


class PlaceToy(Step, frozen=True, kw_only=True, tag="place_toy"):
    """Place the file `toy` in the state folder."""

    @property
    def title(self) -> str:
        return "Place a toy"

    def do(self, world: RunWorld) -> str:
        (world.folders.state / "toy").touch()
        return "a toy is there"

    def look(self, world: World) -> Look:
        return Look.PRESENT if (world.folders.state / "toy").exists() else Look.ABSENT

    def undo(self, world: RunWorld) -> str:
        (world.folders.state / "toy").unlink(missing_ok=True)
        return "no toy, as before"
