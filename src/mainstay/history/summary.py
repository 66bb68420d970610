"""The history of an environment: a pure fold over the whole journal, in one pass."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import takewhile
from statistics import median
from typing import Literal

import msgspec

from mainstay.history.events import Ended, Planned
from mainstay.history.journal import Row

HistoryOutcome = Literal["released", "undone", "parked", "running", "interrupted"]


class LiveRelease(msgspec.Struct, frozen=True):
    """The live release, and the time since which it has been live."""

    number: int
    version: str
    since: str


class Choice(msgspec.Struct, frozen=True):
    """How the live release was chosen. An automatic rollback of a failed deploy chooses none: what was live stays."""

    kind: str
    """The kind of the run: `deploy` or `rollback`."""
    before: int | None
    """The release that was live before."""
    declared: str
    """Fingerprint of the manifest's declarations at that time; empty where it is unknown."""


class RunSummary(msgspec.Struct, frozen=True):
    """One run, as history lists it. Only the lock shows whether an unfinished run is executing now."""

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
    """Whether the run is a `down` that also deletes data and releases."""


class History(msgspec.Struct, frozen=True):
    """The facts that the journal of an environment proves, over all its runs."""

    highest: int = 0
    """The highest release number ever planned; no number is used twice."""
    serving: LiveRelease | None = None
    """The live release; None before the first. A `down` keeps it, unless it deletes the data: `up` starts it again."""
    choice: Choice | None = None
    """How the release in `serving` was chosen."""
    unfinished: str | None = None
    last_run: str | None = None
    history: tuple[RunSummary, ...] = ()
    """Newest first."""
    documents: dict[int, msgspec.Raw] = {}
    """Per release, the document of the plan that made it."""
    expected: dict[str, float] = {}
    """Per `Step.timed_as`, the median duration of such steps in seconds."""
    schemas: dict[str, str] = {}
    """Per datastore, the schema revision after its last completed migration."""
    rolled_back: dict[int, str] = {}
    """Releases that a rollback replaced by an older one and that were not live since, with the time it ended."""

    @property
    def served(self) -> tuple[int, ...]:
        """Releases that have been live and were not deleted since, the most recent first, each once."""
        ended = [run for run in self.history if run.outcome == "released"]
        since = takewhile(lambda run: not run.data, ended)
        return tuple(dict.fromkeys(run.release for run in since if run.kind != "down"))

    @property
    def next_release(self) -> int:
        return self.highest + 1

    def document(self, number: int) -> bytes | None:
        """Return the document of a release as recorded in its plan; None where the release was never planned."""
        plan = self.documents.get(number)
        return bytes(msgspec.json.decode(plan, type=_OfPlan).release) if plan is not None else None

    def environment(self, number: int) -> bytes | None:
        """Return the environment that a release was planned for; None where the release was never planned."""
        plan = self.documents.get(number)
        return bytes(msgspec.json.decode(plan, type=_OfPlan).environment) if plan is not None else None


class _OfPlan(msgspec.Struct):
    release: msgspec.Raw
    environment: msgspec.Raw = msgspec.Raw(b"null")


class _PlannedStep(msgspec.Struct):
    """The fields of a planned step that the fold needs: for a migration, its datastore and the revision after it."""

    name: str = ""
    after: msgspec.Raw = msgspec.Raw(b'""')


class _PlannedPhase(msgspec.Struct):
    ranks: tuple[tuple[_PlannedStep, ...], ...]


class _PlannedPhases(msgspec.Struct):
    phases: tuple[_PlannedPhase, ...] = ()

    def step(self, number: str) -> _PlannedStep:
        """Return the step with this number: `PHASE.STEP`, both counted from 1."""
        phase, step = (int(part) for part in number.split("."))
        return [each for rank in self.phases[phase - 1].ranks for each in rank][step - 1]


class _Began(msgspec.Struct):
    """The fields of `started` that the fold needs; the others are not decoded."""

    step: str
    kind: str
    timed_as: str = ""


class _Took(msgspec.Struct):
    """The fields of `done` that the fold needs."""

    step: str
    took_s: float
    adopted: bool = False


_began = msgspec.json.Decoder(_Began)
_took = msgspec.json.Decoder(_Took)
_planned = msgspec.json.Decoder(Planned)
_ended = msgspec.json.Decoder(Ended)


class _Run:
    """The state of one run during the fold."""

    def __init__(self, row: Row) -> None:
        self.planned = _planned.decode(row.body)
        self.began = row.at
        self.last = row.at
        self.parked = False
        self.ended: Ended | None = None
        self.timed_as: dict[str, str] = {}
        self.migrating: set[str] = set()
        """Steps that migrate a schema."""
        self.migrated: list[str] = []
        """The steps in `migrating` that are done."""

    def schemas(self) -> dict[str, str]:
        """Return, per datastore that this run has migrated, the schema's revision after it."""
        if not self.migrated:
            return {}
        plan = msgspec.json.decode(self.planned.plan, type=_PlannedPhases)
        steps = [plan.step(number) for number in self.migrated]
        return {step.name: msgspec.json.decode(step.after, type=str) for step in steps}

    def summary(self, run: str) -> RunSummary:
        open_state: HistoryOutcome = "parked" if self.parked else "interrupted"
        return RunSummary(
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


def history_from(rows: Iterable[Row]) -> History:
    """Return the facts that *rows*, all those of an environment, prove."""
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
    return History(
        highest=max((run.planned.release for run in runs.values()), default=0),
        serving=LiveRelease(chosen.planned.release, chosen.planned.version, chosen.last) if chosen else None,
        choice=Choice(chosen.planned.kind, chosen.planned.before, chosen.planned.declared) if chosen else None,
        unfinished=unfinished[-1] if unfinished else None,
        last_run=next(reversed(runs), None),
        history=tuple(run.summary(name) for name, run in reversed(runs.items())),
        documents=documents,
        expected={kind: round(median(seconds), 3) for kind, seconds in took.items()},
        schemas=_schemas(runs.values()),
        rolled_back=_rolled_back(runs.values()),
    )


def _tell(run: _Run, row: Row, took: dict[str, list[float]]) -> None:
    run.last = row.at
    match row.name:
        case "started":
            began = _began.decode(row.body)
            run.timed_as[began.step] = began.timed_as or began.kind
            if began.kind == "migrate":
                run.migrating.add(began.step)
        case "done":
            done = _took.decode(row.body)
            if done.step in run.migrating:
                run.migrated.append(done.step)
            if not done.adopted and done.step in run.timed_as:
                took[run.timed_as[done.step]].append(done.took_s)
        case "parked":
            run.parked = True
        case "resumed" | "answered":
            run.parked = False
        case "ended":
            run.ended = _ended.decode(row.body)


def _chosen(runs: Iterable[_Run]) -> _Run | None:
    """Return the run that made the live release live; None where no release is live."""
    found = None
    for run in runs:
        if run.ended is None or run.ended.outcome != "released":
            continue
        if run.planned.data:
            found = None
        elif run.planned.kind != "down":
            found = run
    return found


def _schemas(runs: Iterable[_Run]) -> dict[str, str]:
    found: dict[str, str] = {}
    for run in runs:
        if run.planned.data and run.ended is not None and run.ended.outcome == "released":
            found = {}
        # A run that was rolled back keeps the schema to which it has migrated.
        found |= run.schemas()
    return found


def _rolled_back(runs: Iterable[_Run]) -> dict[int, str]:
    found: dict[int, str] = {}
    for run in runs:
        if run.ended is None or run.ended.outcome != "released" or run.planned.kind == "down":
            continue
        found.pop(run.planned.release, None)
        before = run.planned.before
        if run.planned.kind == "rollback" and before is not None and before > run.planned.release:
            found[before] = run.last
    return found
