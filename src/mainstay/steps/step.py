"""The base of all steps: one action of a plan, which names a desired state and can undo itself."""

from abc import abstractmethod
from enum import StrEnum
from typing import ClassVar

import msgspec

from mainstay.drivers.world import RunWorld, World


class Look(StrEnum):
    """How much of a step's state is present. On `unknown`, the engine neither does nor undoes the step on a guess."""

    ABSENT = "absent"
    PARTIAL = "partial"
    PRESENT = "present"
    UNKNOWN = "unknown"


class Step(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One action of a plan.

    Its fields contain everything it needs, and they are in the journal before it acts: whatever `undo` needs is a
    field, chosen when the plan was made, never something learned during `do`. `do` and `undo` are idempotent: each
    leads to a state, and may be called again after a crash, also when that state is present wholly or in part. Both
    return their evidence as a short text. They raise StepFailed, Unreachable or what `world.waiter` raises.
    """

    place: str = "live"
    expected_s: float | None = None

    reversible: ClassVar[bool] = True
    """False for a point of no return: from the first such step on, steps are only retried, never undone."""
    moves_traffic: ClassVar[bool] = False
    """True for the steps whose traffic an interruption reverts (`revert_traffic`)."""

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
        """Return the step as a line of a runbook."""

    @abstractmethod
    def do(self, world: RunWorld) -> str:
        """Produce the desired state. Return the evidence."""

    @abstractmethod
    def look(self, world: World) -> Look:
        """Return how much of the state is present, without changing or starting anything."""

    @abstractmethod
    def undo(self, world: RunWorld) -> str:
        """Restore the state before `do`, even when `do` stopped half-way. Return the evidence."""

    def revert_traffic(self, world: RunWorld) -> str:
        """Revert the traffic of the stage; only steps with `moves_traffic` do something. Return the evidence."""
        return "no traffic to revert"

    def restore(self, world: RunWorld) -> None:
        """Restore the step's state before a resumed run continues; only fleets and traffic need it."""
