"""The record: what the past proves; a pure fold over the whole journal in one pass."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import takewhile
from statistics import median
from typing import Literal

import msgspec

from mainstay.events import Ended, Planned
from mainstay.journal import Row

HistoryOutcome = Literal["released", "undone", "parked", "running", "interrupted"]


class Serves(msgspec.Struct, frozen=True):
    """The release that serves: `since` when."""

    number: int
    version: str
    since: str


class Choice(msgspec.Struct, frozen=True):
    """How the live release was chosen. An automatic rollback of a failed deploy chooses none: what was live stays."""

    kind: str
    """Of the run: `deploy` or `rollback`."""
    before: int | None
    """The release that was live before."""
    declared: str
    """Fingerprint of what the manifest declared at that time; empty where that is not known."""


class Past(msgspec.Struct, frozen=True):
    """One run, as history lists it. Whether an unfinished one runs now, only the lock tells."""

    run: str
    kind: str
    version: str
    release: int
    outcome: HistoryOutcome
    began: str
    took_s: float
    by: str
    rollback: str
    data: bool = False
    """A `down` that took data and releases with it."""


class Record(msgspec.Struct, frozen=True):
    """What all runs of an environment have left."""

    highest: int = 0
    """The highest release number ever planned: no number is used twice."""
    serving: Serves | None = None
    """None before the first release; a `down` keeps it: it serves again when woken."""
    choice: Choice | None = None
    """How `serving` was chosen."""
    unfinished: str | None = None
    last_run: str | None = None
    history: tuple[Past, ...] = ()
    """Newest first."""
    documents: dict[int, msgspec.Raw] = {}
    """Per release, the plan that brought it."""
    expected: dict[str, float] = {}
    """Per `Step.timed_as`, the median of the seconds that such steps took."""

    @property
    def served(self) -> tuple[int, ...]:
        """Releases that served and were not removed since, the last first, each once."""
        ended = [run for run in self.history if run.outcome == "released"]
        since = takewhile(lambda run: not run.data, ended)
        return tuple(dict.fromkeys(run.release for run in since if run.kind != "down"))

    @property
    def next_release(self) -> int:
        return self.highest + 1

    def document(self, number: int) -> bytes | None:
        """The document of a release, as its plan has it; None where none was planned."""
        plan = self.documents.get(number)
        return bytes(msgspec.json.decode(plan, type=_OfPlan).release) if plan is not None else None

    def environment(self, number: int) -> bytes | None:
        """The environment that a release was planned for; None where none was planned."""
        plan = self.documents.get(number)
        return bytes(msgspec.json.decode(plan, type=_OfPlan).environment) if plan is not None else None


class _OfPlan(msgspec.Struct):
    release: msgspec.Raw
    environment: msgspec.Raw = msgspec.Raw(b"null")


class _Began(msgspec.Struct):
    """What the fold needs of `started`; the rest is not decoded."""

    step: str
    kind: str
    timed_as: str = ""


class _Took(msgspec.Struct):
    """What the fold needs of `done`."""

    step: str
    took_s: float
    adopted: bool = False


_began = msgspec.json.Decoder(_Began)
_took = msgspec.json.Decoder(_Took)
_planned = msgspec.json.Decoder(Planned)
_ended = msgspec.json.Decoder(Ended)


class _Run:
    """One run while it is folded."""

    def __init__(self, row: Row) -> None:
        self.planned = _planned.decode(row.body)
        self.began = row.at
        self.last = row.at
        self.parked = False
        self.ended: Ended | None = None
        self.timed_as: dict[str, str] = {}

    def summary(self, run: str) -> Past:
        open_state: HistoryOutcome = "parked" if self.parked else "interrupted"
        return Past(
            run=run,
            kind=self.planned.kind,
            version=self.planned.version,
            release=self.planned.release,
            outcome=self.ended.outcome if self.ended else open_state,
            began=self.began,
            took_s=(datetime.fromisoformat(self.last) - datetime.fromisoformat(self.began)).total_seconds(),
            by=self.planned.by,
            rollback=self.planned.rollback,
            data=self.planned.data,
        )


def record(rows: Iterable[Row]) -> Record:
    """What *rows*, all of an environment's, prove."""
    runs: dict[str, _Run] = {}
    took: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row.name == "planned":
            runs[row.run] = _Run(row)
        elif row.run in runs:
            _tell(runs[row.run], row, took)
    documents = {run.planned.release: run.planned.plan for run in runs.values() if run.planned.new}
    chosen = _chosen(runs.values())
    unfinished = [name for name, run in runs.items() if run.ended is None]
    return Record(
        highest=max((run.planned.release for run in runs.values()), default=0),
        serving=Serves(chosen.planned.release, chosen.planned.version, chosen.last) if chosen else None,
        choice=Choice(chosen.planned.kind, chosen.planned.before, chosen.planned.declared) if chosen else None,
        unfinished=unfinished[-1] if unfinished else None,
        last_run=next(reversed(runs), None),
        history=tuple(run.summary(name) for name, run in reversed(runs.items())),
        documents=documents,
        expected={kind: round(median(seconds), 3) for kind, seconds in took.items()},
    )


def _tell(run: _Run, row: Row, took: dict[str, list[float]]) -> None:
    run.last = row.at
    match row.name:
        case "started":
            began = _began.decode(row.body)
            run.timed_as[began.step] = began.timed_as or began.kind
        case "done":
            done = _took.decode(row.body)
            if not done.adopted and done.step in run.timed_as:
                took[run.timed_as[done.step]].append(done.took_s)
        case "parked":
            run.parked = True
        case "resumed" | "answered":
            run.parked = False
        case "ended":
            run.ended = _ended.decode(row.body)


def _chosen(runs: Iterable[_Run]) -> _Run | None:
    """The run that made the live release live; None where no release is live."""
    found = None
    for run in runs:
        if run.ended is None or run.ended.outcome != "released":
            continue
        if run.planned.data:
            found = None
        elif run.planned.kind != "down":
            found = run
    return found
