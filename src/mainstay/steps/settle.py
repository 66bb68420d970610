"""Settle: all traffic is on the new revisions while the old fleet is still warm; the last point of instant rollback."""

from mainstay.release import Traffic
from mainstay.steps.observe import Counts, revisions, watch
from mainstay.steps.step import Look, Step
from mainstay.world import World


class Settle(Step, frozen=True, kw_only=True, tag="settle"):
    """Watch the whole new release for `for_s` seconds before anything old is let go."""

    watched: Counts
    traffic: Traffic
    for_s: float

    @property
    def title(self) -> str:
        return f"Let {revisions(self.watched)} settle for {self.for_s:g} s"

    def do(self, world: World) -> str:
        return watch(world, self.watched, self.traffic, self.for_s)

    def look(self, world: World) -> Look:
        return Look.ABSENT

    def undo(self, world: World) -> str:
        return "nothing to undo"
