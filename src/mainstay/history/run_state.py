"""The state of a run, computed by a pure fold over its events; `status`, `resume` and the engine use it."""

from collections.abc import Iterable
from functools import reduce
from typing import Literal

import msgspec
from msgspec.structs import replace

from mainstay.history import events
from mainstay.history.events import Event, RunOutcome, StepNumber
from mainstay.history.journal import Row

Direction = Literal["forward", "back"]
MOST_RESUMES = 5
"""Number of processes that may start without making progress before the run is parked."""


class RunState(msgspec.Struct, frozen=True):
    """The state of a run according to its journal. `started` and `undone` are in the order in which that happened."""

    run: str = ""
    planned: events.Planned | None = None
    direction: Direction = "forward"
    started: tuple[StepNumber, ...] = ()
    """Steps that have started and were not undone, including the done ones."""
    done: frozenset[StepNumber] = frozenset()
    undone: tuple[StepNumber, ...] = ()
    titles: dict[StepNumber, str] = {}
    parked: events.ParkedAt | None = None
    """Where and why the run waits for a person's decision; None: it does not wait."""
    irreversible: bool = False
    """Whether a step that cannot be undone has started: from then on the run can only go forward."""
    fence: int = 0
    resumes: int = 0
    """Number of processes that started to execute the run since it last made progress or was parked."""
    current: StepNumber | None = None
    """The step that is executing, or was executing when the run stopped."""
    outcome: RunOutcome | None = None
    began: str = ""
    since: str = ""
    """Time at which the last row was written, apart from progress messages."""
    progress: str = ""
    """The last progress message of the current step; empty: it has none."""
    by: str = ""

    @property
    def finished(self) -> bool:
        return self.outcome is not None

    @property
    def crash_looping(self) -> bool:
        """Whether MOST_RESUMES processes in a row made no progress; the engine then parks the run."""
        return self.resumes >= MOST_RESUMES

    def after(self, row: Row) -> "RunState":
        """Return the state after *row*; a row of another run changes nothing."""
        if self.run and row.run != self.run:
            return self
        event = events.decode(row.name, row.body)
        if isinstance(event, events.Progress):
            return replace(self, progress=event.what) if event.step == self.current else self
        return replace(_after(self, event), run=row.run, began=self.began or row.at, since=row.at)


def run_state(rows: Iterable[Row]) -> RunState:
    """Return the state of the run that *rows* belong to."""
    return reduce(RunState.after, rows, RunState())


def _after(now: RunState, event: Event) -> RunState:
    match event:
        case events.Planned():
            return replace(now, planned=event, by=event.by)
        case events.Resumed():
            return replace(now, fence=event.fence, resumes=now.resumes + 1, parked=None, by=event.by)
        case events.Started(step=step):
            return replace(
                now,
                started=(*(other for other in now.started if other != step), step),
                done=now.done - {step},
                undone=tuple(other for other in now.undone if other != step),
                titles={**now.titles, step: event.title},
                irreversible=now.irreversible or not event.reversible,
                current=step,
                progress="",
            )
        case events.Done(step=step):
            return replace(_moved_on(now, step), done=now.done | {step})
        case events.Undoing(step=step):
            return replace(now, current=step, progress="")
        case events.Undone(step=step):
            return _taken_back(_moved_on(now, step), step)
        case events.Answered(step=step, as_="done"):
            return replace(_moved_on(now, step), done=now.done | {step}, parked=None)
        case events.Answered(step=step):
            return replace(_taken_back(_moved_on(now, step), step), parked=None)
        case events.TrafficReverted(not_done=not_done):
            return replace(now, done=now.done - set(not_done), current=next(iter(not_done), None), resumes=0)
        case events.UndoStarted():
            return replace(now, direction="back", resumes=0)
        case events.ParkedAt():
            return replace(now, parked=event, resumes=0, current=event.step or now.current)
        case events.Ended(outcome=outcome):
            return replace(now, outcome=outcome, current=None, parked=None)
        case events.Failed() | events.Progress():
            return now


def _moved_on(now: RunState, step: StepNumber) -> RunState:
    """Return the state after *step* was completed; `resumes` counts from 0 again."""
    current, progress = (None, "") if now.current == step else (now.current, now.progress)
    return replace(now, resumes=0, current=current, progress=progress)


def _taken_back(now: RunState, step: StepNumber) -> RunState:
    return replace(
        now,
        started=tuple(other for other in now.started if other != step),
        done=now.done - {step},
        undone=(*now.undone, step),
    )
