"""The base of all steps: one action of a plan, which names a desired state and can undo itself."""

from abc import abstractmethod
from enum import StrEnum
from typing import ClassVar

import msgspec

from mainstay.drivers.world import RunWorld, World


class Look(StrEnum):
    """How much of a step's desired state is present. On `unknown`, the engine retries, then a person decides."""

    ABSENT = "absent"
    PARTIAL = "partial"
    PRESENT = "present"
    UNKNOWN = "unknown"


class Step(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One action of a plan.

    The planner sets all fields, and the journal stores them before the step acts. `undo` uses only these fields,
    nothing that `do` learned. `do` and `undo` are idempotent: each establishes a state, and may be called again after
    a crash, also when that state is present wholly or in part. Both return their evidence as a short text. They raise
    StepFailed, Unreachable, or the exception with which `world.waiter` ends a wait.
    """

    place: str = "live"
    """Where the step acts, for readers of plans: always the live environment."""
    expected_s: float | None = None
    """The expected duration in seconds; None when the history has no durations of such steps."""

    reversible: ClassVar[bool] = True
    """False for a point of no return: from the first such step on, steps are only retried, never undone."""
    moves_traffic: ClassVar[bool] = False
    """True for a step that moves traffic: when the run is interrupted, the engine calls its `revert_traffic`."""

    @property
    def kind(self) -> str:
        """Return the name of this kind of step in plans and journals."""
        return str(self.__struct_config__.tag)

    @property
    def timed_as(self) -> str:
        """Return the key under which durations of similar steps are recorded; by default the kind."""
        return self.kind

    @property
    @abstractmethod
    def title(self) -> str:
        """Return what the step does, as a line of a runbook."""

    @abstractmethod
    def do(self, world: RunWorld) -> str:
        """Establish the desired state. Return the evidence; empty if the title states all of it."""

    @abstractmethod
    def look(self, world: World) -> Look:
        """Return how much of the desired state is present, without changing or starting anything."""

    @abstractmethod
    def undo(self, world: RunWorld) -> str:
        """Restore the state before `do`, even when `do` stopped half-way. Return the evidence."""

    def revert_traffic(self, world: RunWorld) -> str:
        """Revert the traffic of the stage; a step without `moves_traffic` does nothing. Return the evidence."""
        return "no traffic to revert"

    def restore(self, world: RunWorld) -> None:
        """Establish the step's state again before a resumed run continues; only StartFleet and SetTraffic need it."""
