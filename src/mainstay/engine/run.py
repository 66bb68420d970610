"""A run during its execution: its plan as recorded in the journal, and its state after each row."""

import threading

from mainstay.engine.plan_codec import read
from mainstay.engine.runner import Runner
from mainstay.errors import BadInput, Parked
from mainstay.history.events import Ended, Event, ParkedAt, Planned, StepNumber, UndoStarted, encode
from mainstay.history.journal import Journal, Row
from mainstay.history.run_state import RunState, run_state
from mainstay.planning.plan import Phase
from mainstay.steps.step import Step

Rank = list[tuple[StepNumber, Step]]
"""Steps with their numbers, executed in parallel."""

SIGNED = (Planned, UndoStarted, ParkedAt, Ended)
"""Events after which the journal's head is signed, so that their loss is detected later."""


def append(journal: Journal, run: str, *events: Event) -> list[Row]:
    """Append *events* of *run* to the journal and return their rows; durable when this returns."""
    return journal.append(run, *map(encode, events), sign=isinstance(events[-1], SIGNED))


class Run:
    """A run during its execution. `write` stores events as rows, updates `state`, and calls the listener with each row.

    Raises BadInput when the journal has no run *identity*.
    """

    def __init__(self, identity: str, journal: Journal, runner: Runner) -> None:
        self.identity = identity
        self.journal = journal
        self.state: RunState = run_state(journal.rows(identity))
        if self.state.planned is None:
            raise BadInput(f"there is no run {identity}", remedy="mainstay history")
        self.plan = read(bytes(self.state.planned.plan), runner.registry)
        self.steps: dict[StepNumber, Step] = dict(self.plan.steps())
        self._on_event = runner.on_event
        self._on_figures = runner.on_figures
        self._postponed: tuple[Event, ...] = ()
        self._guard = threading.Lock()

    def write(self, *events: Event) -> None:
        """Record *events* after the postponed ones, in one transaction; the rows are durable when this returns."""
        with self._guard:
            events = (*self._postponed, *events)
            if not events:
                return
            rows = append(self.journal, self.identity, *events)
            self._postponed = ()
            for row in rows:
                self.state = self.state.after(row)
                self._on_event(row)

    def postpone(self, event: Event) -> None:
        """Record *event* in the transaction of the next row.

        The caller writes that row next, or calls `flush` before anything that may take time.
        """
        with self._guard:
            self._postponed = (*self._postponed, event)

    def flush(self) -> None:
        """Record the postponed events now."""
        self.write()

    def show(self, step: StepNumber, what: str) -> None:
        """Pass the current figures of *step* to the listener, without recording them."""
        with self._guard:
            self._on_figures(step, what)

    def park(self, step: StepNumber | None, why: str, remedy: str) -> Parked:
        """Record that the run waits for a person's decision; return the exception for the caller to raise."""
        self.write(ParkedAt(step, why, remedy))
        return Parked(why, remedy=remedy)

    def start_undo(self, by: str, why: str) -> None:
        """Record that the run is undone from here on."""
        self.write(UndoStarted(by, why))

    def phases(self) -> list[tuple[Phase, list[Rank]]]:
        """Return each phase with its ranks, the steps numbered as the plan prints them."""
        numbered = iter(self.steps.items())
        return [(phase, [[next(numbered) for _ in rank] for rank in phase.ranks]) for phase in self.plan.phases]

    def ordered(self, steps: frozenset[StepNumber] | tuple[StepNumber, ...]) -> list[tuple[StepNumber, Step]]:
        """Return *steps* in the order of the plan."""
        return [(number, step) for number, step in self.steps.items() if number in steps]
