"""The events that a run records, each as one row of the journal. Fields are added, never removed."""

from typing import Literal

import msgspec

StepNumber = str
"""`PHASE.STEP`, both counted from 1, as the plan prints it."""

RunOutcome = Literal["released", "undone"]


class Planned(msgspec.Struct, frozen=True):
    """A plan was recorded for a new run, which never reads the manifest again."""

    kind: str
    plan: msgspec.Raw
    """The plan as JSON; it is decoded only to execute the run."""
    version: str
    release: int
    """The release that the run ships or restores; for other kinds of runs, the live one."""
    before: int | None
    """The release that was live when the plan was made; None: there was none."""
    rollback: str
    """Whether a rollback to the release that was live before is safe: `safe`, or `unknown` if that release may not work
    with a schema that this run migrates, or that an undone run has migrated."""
    by: str
    """The user who started the run."""
    steps: int
    """The number of steps."""
    serves_after: int | None
    """The release that is live after the run succeeds: `before` when the run changes nothing, None when none is."""
    new: bool = False
    """Whether the plan makes the release `release`; a rollback makes none."""
    data: bool = False
    """Whether the run deletes the data, and all releases with it."""
    declared: str = ""
    """Fingerprint of what the manifest declared when the run was planned; empty for a `down`, or if not known."""


class Resumed(msgspec.Struct, frozen=True):
    """A process started to execute the run; also recorded for the first process."""

    by: str
    host: str
    fence: int
    """A number that grows with each process: the target refuses requests of a process with a smaller one."""
    tool: str
    """The program and its version, such as `mainstay 1.0`."""
    step: StepNumber | None = None
    """The step at which the run had stopped; None: before its first step, or between two steps."""


class Started(msgspec.Struct, frozen=True):
    """A step is about to execute; the row is durable before it does."""

    step: StepNumber
    kind: str
    title: str
    reversible: bool = True
    timed_as: str = ""
    """The key under which the duration is recorded (`Step.timed_as`); empty: the kind of the step."""


class Progress(msgspec.Struct, frozen=True):
    """A message about the progress of a step."""

    step: StepNumber
    what: str


class Done(msgspec.Struct, frozen=True):
    """A step has reached its state, after `took_s` seconds."""

    step: StepNumber
    evidence: str
    took_s: float
    adopted: bool = False
    """Whether the step was found already done instead of being executed."""
    title: str = ""


class Failed(msgspec.Struct, frozen=True):
    """A step could not reach its state, or could not be undone."""

    step: StepNumber
    error: str
    remedy: str = ""


class TrafficReverted(msgspec.Struct, frozen=True):
    """Traffic of the stage `stage` was reverted, or is about to be. The steps in `not_done` count as not done, and the
    run can be resumed."""

    stage: int
    not_done: tuple[StepNumber, ...]
    """Steps that had started, and that count as not done from here on."""


class UndoStarted(msgspec.Struct, frozen=True):
    """The run is undone from here on; it never goes forward again."""

    by: str
    why: str


class Undoing(msgspec.Struct, frozen=True):
    """A step is about to be undone."""

    step: StepNumber
    title: str = ""


class Undone(msgspec.Struct, frozen=True):
    """The state before the step was restored."""

    step: StepNumber
    evidence: str


class ParkedAt(msgspec.Struct, frozen=True):
    """The run waits for a person's decision."""

    step: StepNumber | None
    why: str
    remedy: str


class Answered(msgspec.Struct, frozen=True):
    """A person decided that the parked step counts as done or undone."""

    step: StepNumber
    as_: Literal["done", "undone"] = msgspec.field(name="as")
    because: str = ""
    by: str = ""


class Ended(msgspec.Struct, frozen=True):
    """The run is over. The outcome `released` also covers a completed rollback or down."""

    outcome: RunOutcome
    note: str = ""


Event = (
    Planned
    | Resumed
    | Started
    | Progress
    | Done
    | Failed
    | TrafficReverted
    | UndoStarted
    | Undoing
    | Undone
    | ParkedAt
    | Answered
    | Ended
)

NAMES: dict[type, str] = {
    Planned: "planned",
    Resumed: "resumed",
    Started: "started",
    Progress: "progress",
    Done: "done",
    Failed: "failed",
    TrafficReverted: "traffic-reverted",
    UndoStarted: "undo-started",
    Undoing: "undoing",
    Undone: "undone",
    ParkedAt: "parked",
    Answered: "answered",
    Ended: "ended",
}
_CLASSES = {name: kind for kind, name in NAMES.items()}


def decode(name: str, body: bytes) -> Event:
    """Return the event that the journal stores as *name* and *body*. Raises KeyError when *name* is unknown."""
    event: Event = msgspec.json.decode(body, type=_CLASSES[name])
    return event


def encode(event: Event) -> tuple[str, bytes]:
    """Return the name and the body under which the journal stores *event*."""
    return NAMES[type(event)], msgspec.json.encode(event)
