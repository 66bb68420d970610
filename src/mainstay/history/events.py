"""What a run records. Fields are only ever added; each event is one row of the journal."""

from typing import Literal

import msgspec

StepNumber = str
"""`PHASE.STEP`, both counted from 1, as the plan prints it."""

Outcome = Literal["released", "undone"]


class Planned(msgspec.Struct, frozen=True):
    """A plan was written down; from here on the manifest is not read again."""

    kind: str
    plan: msgspec.Raw
    """The plan's document, opaque to the folds."""
    version: str
    release: int
    """The release that serves when the plan is done; a `down` names the one that served."""
    before: int | None
    """The release that served when it was made."""
    rollback: str
    by: str
    steps: int
    new: bool = True
    """Whether the release is a new one: a rollback makes none."""
    data: bool = False
    """Whether a `down` takes data and releases with it: afterwards nothing has ever served."""
    declared: str = ""
    """Fingerprint of what the manifest declared when this release was chosen; empty for a `down`."""


class Resumed(msgspec.Struct, frozen=True):
    """A process took the run up: the first one too."""

    by: str
    host: str
    fence: int
    tool: str
    step: StepNumber | None = None
    """The step at which the run stood."""


class Started(msgspec.Struct, frozen=True):
    """A step is about to act; synced before it does."""

    step: StepNumber
    kind: str
    title: str
    reversible: bool = True
    timed_as: str = ""
    """The name under which its duration is compared with that of other steps; empty: its kind."""


class Progress(msgspec.Struct, frozen=True):
    """Something worth telling happened in a step."""

    step: StepNumber
    what: str


class Done(msgspec.Struct, frozen=True):
    """A step has brought about its state."""

    step: StepNumber
    evidence: str
    took_s: float
    adopted: bool = False
    """It was found done by looking."""
    title: str = ""


class Failed(msgspec.Struct, frozen=True):
    """A step could not bring about its state, or could not be undone."""

    step: StepNumber
    error: str
    remedy: str = ""


class Withdrawn(msgspec.Struct, frozen=True):
    """Traffic is about to go to the stage's state of return because of an interruption; the run stays resumable."""

    stage: int
    reopened: tuple[StepNumber, ...]
    """Steps that count as begun but not done from here on."""


class Turned(msgspec.Struct, frozen=True):
    """The run goes back from here on; it never turns again."""

    by: str
    why: str


class Undoing(msgspec.Struct, frozen=True):
    """A step is about to be undone."""

    step: StepNumber
    title: str = ""


class Undone(msgspec.Struct, frozen=True):
    """The state before the step is back."""

    step: StepNumber
    evidence: str


class ParkedAt(msgspec.Struct, frozen=True):
    """The run waits for a person's word."""

    step: StepNumber | None
    why: str
    remedy: str


class Answered(msgspec.Struct, frozen=True):
    """A person said how the parked step stands."""

    step: StepNumber
    as_: Literal["done", "undone"] = msgspec.field(name="as")
    because: str = ""
    by: str = ""


class Ended(msgspec.Struct, frozen=True):
    """The run is over: `released` also stands for a rollback or a down that was carried out."""

    outcome: Outcome
    note: str = ""


Event = (
    Planned
    | Resumed
    | Started
    | Progress
    | Done
    | Failed
    | Withdrawn
    | Turned
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
    Withdrawn: "withdrawn",
    Turned: "turned",
    Undoing: "undoing",
    Undone: "undone",
    ParkedAt: "parked",
    Answered: "answered",
    Ended: "ended",
}
_CLASSES = {name: kind for kind, name in NAMES.items()}


def decode(name: str, body: bytes) -> Event:
    """The event that the journal keeps as *name* and *body*. Raises KeyError for a name it does not know."""
    event: Event = msgspec.json.decode(body, type=_CLASSES[name])
    return event


def encode(event: Event) -> tuple[str, bytes]:
    """The name and the body under which the journal keeps *event*."""
    return NAMES[type(event)], msgspec.json.encode(event)
