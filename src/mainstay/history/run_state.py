"""Where a run stands: a pure fold over what happened in it, used alike by status, resume and engine."""

from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec.structs import replace

from mainstay.history.events import (
    Answered,
    Done,
    Ended,
    Event,
    Failed,
    Outcome,
    ParkedAt,
    Planned,
    Progress,
    Resumed,
    Started,
    StepNumber,
    Turned,
    Undoing,
    Undone,
    Withdrawn,
    decode,
)
from mainstay.history.journal import Row

Direction = Literal["forward", "back"]
MOST_RESUMES = 5
"""So many processes may die at one step before a person is asked."""


class Standing(msgspec.Struct, frozen=True):
    """A run as its journal tells it. Steps are in the order in which they began."""

    run: str = ""
    planned: Planned | None = None
    direction: Direction = "forward"
    begun: tuple[StepNumber, ...] = ()
    """Started and not known to be as before; the done ones too."""
    done: frozenset[StepNumber] = frozenset()
    undone: tuple[StepNumber, ...] = ()
    titles: dict[StepNumber, str] = {}
    kinds: dict[StepNumber, str] = {}
    failed: Failed | None = None
    """The last failure."""
    turned: Turned | None = None
    parked: ParkedAt | None = None
    """Set while the run waits for a person's word."""
    answered: Answered | None = None
    withdrawn: Withdrawn | None = None
    """Set from an interruption in mid-stage until a step begins again."""
    beyond: bool = False
    """A step that cannot be undone has started: from here on only forward."""
    fence: int = 0
    resumes: int = 0
    """How many processes took the run up at the step where it stands."""
    current: StepNumber | None = None
    """The step that acts, or acted when the run stopped."""
    outcome: Outcome | None = None
    began: str = ""
    since: str = ""
    """When the last row was written."""
    by: str = ""

    @property
    def over(self) -> bool:
        return self.outcome is not None

    @property
    def stuck(self) -> bool:
        """So many processes died at the same step that another would only be the next."""
        return self.resumes >= MOST_RESUMES

    def after(self, row: Row) -> "Standing":
        """The standing once *row* has happened; a row of another run changes nothing."""
        if self.run and row.run != self.run:
            return self
        changed = _after(self, decode(row.name, row.body))
        return replace(changed, run=row.run, began=self.began or row.at, since=row.at)


def standing(rows: Iterable[Row]) -> Standing:
    """Where the run of *rows* stands."""
    now = Standing()
    for row in rows:
        now = now.after(row)
    return now


def _after(now: Standing, event: Event) -> Standing:
    match event:
        case Planned():
            return replace(now, planned=event, by=event.by)
        case Resumed():
            return replace(now, fence=event.fence, resumes=now.resumes + 1, parked=None, by=event.by)
        case Started(step=step):
            return replace(
                now,
                begun=(*(other for other in now.begun if other != step), step),
                done=now.done - {step},
                undone=tuple(other for other in now.undone if other != step),
                titles={**now.titles, step: event.title},
                kinds={**now.kinds, step: event.kind},
                beyond=now.beyond or not event.reversible,
                current=step,
                withdrawn=None,
            )
        case Done(step=step):
            return replace(_moved_on(now, step), done=now.done | {step})
        case Undoing(step=step):
            return replace(now, current=step)
        case Undone(step=step):
            return _taken_back(_moved_on(now, step), step)
        case Answered(step=step, as_="done"):
            return replace(_moved_on(now, step), done=now.done | {step}, parked=None, answered=event)
        case Answered(step=step):
            return replace(_taken_back(_moved_on(now, step), step), parked=None, answered=event)
        case Withdrawn(reopened=reopened):
            return replace(
                now, done=now.done - set(reopened), withdrawn=event, current=next(iter(reopened), None), resumes=0
            )
        case Turned():
            return replace(now, direction="back", turned=event, resumes=0)
        case ParkedAt():
            return replace(now, parked=event, resumes=0, current=event.step or now.current)
        case Failed():
            return replace(now, failed=event)
        case Ended(outcome=outcome):
            return replace(now, outcome=outcome, current=None, parked=None)
        case Progress():
            return now


def _moved_on(now: Standing, step: StepNumber) -> Standing:
    """The run got past *step*: whoever takes it up next stands at another one."""
    return replace(now, resumes=0, current=None if now.current == step else now.current)


def _taken_back(now: Standing, step: StepNumber) -> Standing:
    return replace(
        now,
        begun=tuple(other for other in now.begun if other != step),
        done=now.done - {step},
        undone=(*now.undone, step),
    )
