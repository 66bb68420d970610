"""What a step is: one action of a plan, which names a state and knows its way back."""

from abc import abstractmethod
from enum import StrEnum
from typing import ClassVar

import msgspec

from mainstay.drivers.world import World


class Look(StrEnum):
    """How a step's state is found: `unknown` never leads to doing or undoing on a guess."""

    ABSENT = "absent"
    PARTIAL = "partial"
    PRESENT = "present"
    UNKNOWN = "unknown"


class Step(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One action of a plan.

    Its fields are all it knows, and the journal has them before it acts: whatever `undo` needs is a
    field, chosen when the plan was made, never something learned while doing. `do` and `undo` each
    name a state, may be called again after a crash, and bear being called when their state is there
    wholly or in part. Both return their evidence in a few words. They raise StepFailed, Unreachable
    or what `world.patience` raises.
    """

    place: str = "live"
    expected_s: float | None = None

    reversible: ClassVar[bool] = True
    """False: from the first such step on nothing is undone, only retried."""
    moves_traffic: ClassVar[bool] = False
    """True for the step that an interruption withdraws from."""

    @property
    def kind(self) -> str:
        """The word that names this sort of step in plans and journals."""
        return str(self.__struct_config__.tag)

    @property
    def timed_as(self) -> str:
        """The name under which its duration is compared with that of other steps: its kind."""
        return self.kind

    @property
    @abstractmethod
    def title(self) -> str:
        """The line an operator would write in a runbook."""

    @abstractmethod
    def do(self, world: World) -> str:
        """Bring the state about."""

    @abstractmethod
    def look(self, world: World) -> Look:
        """How much of the state is there. Changes nothing, wakes nothing."""

    @abstractmethod
    def undo(self, world: World) -> str:
        """Bring back the state before `do`, even where `do` stopped half-way."""

    def withdraw(self, world: World) -> str:
        """Bring traffic to the stage's state of return; only steps with `moves_traffic` do something."""
        return "nothing to withdraw"

    def hold(self, world: World) -> None:
        """Make the state hold again before a resumed run goes on; only fleets and traffic need it."""
