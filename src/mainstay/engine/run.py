"""A run while it is carried out: its plan as the journal has it, and where it stands after each row."""

import threading

from mainstay.engine.plan_codec import read
from mainstay.engine.runner import Carrier
from mainstay.errors import BadInput, Parked
from mainstay.history.events import Ended, Event, ParkedAt, Planned, StepNumber, Turned, encode
from mainstay.history.journal import Journal, Row
from mainstay.history.run_state import Standing, standing
from mainstay.planning.plan import Phase
from mainstay.steps.step import Step

Rank = list[tuple[StepNumber, Step]]


SIGNED = (Planned, Turned, ParkedAt, Ended)
"""After these events the journal's head is signed: what a later process must not lose."""


def append(journal: Journal, run: str, event: Event) -> Row:
    """Write *event* of *run* to the journal; durable when this returns."""
    return journal.append(run, *encode(event), sign=isinstance(event, SIGNED))


class Run:
    """Nothing happens in a run but by a row: `write` keeps it, then the standing has it, then the listener hears it."""

    def __init__(self, identity: str, journal: Journal, carrier: Carrier) -> None:
        self.identity = identity
        self.journal = journal
        self.standing: Standing = standing(journal.rows(identity))
        if self.standing.planned is None:
            raise BadInput(f"there is no run {identity}", remedy="mainstay history")
        self.plan = read(bytes(self.standing.planned.plan), carrier.registry)
        self.steps: dict[StepNumber, Step] = dict(self.plan.steps())
        self._heard = carrier.heard
        self._guard = threading.Lock()

    def write(self, event: Event) -> None:
        """Let *event* have happened; durable when this returns."""
        with self._guard:
            row = append(self.journal, self.identity, event)
            self.standing = self.standing.after(row)
            self._heard(row)

    def park(self, step: StepNumber | None, why: str, remedy: str) -> Parked:
        """Wait for a person's word; what it returns is to be raised."""
        self.write(ParkedAt(step, why, remedy))
        return Parked(why, remedy=remedy)

    def turn(self, by: str, why: str) -> None:
        """Go back from here on."""
        self.write(Turned(by, why))

    def phases(self) -> list[tuple[Phase, list[Rank]]]:
        """Each phase with its ranks, the steps numbered as the plan prints them."""
        numbered = iter(self.steps.items())
        return [(phase, [[next(numbered) for _ in rank] for rank in phase.ranks]) for phase in self.plan.phases]

    def ordered(self, steps: frozenset[StepNumber] | tuple[StepNumber, ...]) -> list[tuple[StepNumber, Step]]:
        """*steps* in the order of the runbook."""
        return [(number, step) for number, step in self.steps.items() if number in steps]
