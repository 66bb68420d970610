"""The fold that computes the history from the journal's rows. It reads each row only once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from statistics import median

import msgspec

from mainstay.history.events import Done, Ended, Planned, Started, UndoStarted
from mainstay.history.journal import Row
from mainstay.history.run_state import RunState
from mainstay.history.summary import History, HistoryOutcome, LiveRelease, Origin, RunSummary

OBSERVATIONS = ("observe", "settle")
"""The kinds of steps that observe a new release and compare it with the old one."""
OBSERVED_S = 1.0
"""The duration in seconds below which an observation has compared nothing, so the history omits its figures."""


class HistoryFold:
    """The history up to the row `sequence`; `extend` adds later rows, without reading earlier ones again."""

    def __init__(self) -> None:
        self.sequence = 0
        self._history = History()
        self._runs: dict[str, _Run] = {}
        self._live: LiveRelease | None = None
        self._origin: Origin | None = None
        self._documents: dict[int, msgspec.Raw] = {}
        self._durations: defaultdict[str, list[float]] = defaultdict(list)
        self._schemas: dict[str, str] = {}
        self._rolled_back: dict[int, str] = {}
        self._undone: dict[tuple[str, str], RunSummary] = {}

    def extend(self, rows: Iterable[Row]) -> History:
        """Add *rows*, which must follow the row `sequence` in order. Return the history after them."""
        before = self.sequence
        for row in rows:
            self._add(row)
            self.sequence = row.sequence
        if self.sequence != before:
            self._history = self._folded()
        return self._history

    def unfinished(self) -> RunState | None:
        """Return the state of the unfinished run; None when every run has ended."""
        name = self._history.unfinished
        return self._runs[name].state() if name is not None else None

    def _add(self, row: Row) -> None:
        if row.name == "planned":
            run = self._runs[row.run] = _Run(row)
            if run.planned.new:
                self._documents[run.planned.release] = run.planned.plan
        elif row.run in self._runs:
            self._add_to(self._runs[row.run], row)

    def _add_to(self, run: "_Run", row: Row) -> None:
        run.add(row)
        match row.name:
            case "started":
                started = _started.decode(row.body)
                run.started[started.step] = started
            case "done":
                done = _done.decode(row.body)
                if done.step in run.started:
                    self._done(run, run.started[done.step], done)
            case "ended":
                self._ended(run, row.run)

    def _done(self, run: "_Run", started: Started, done: Done) -> None:
        if started.kind in OBSERVATIONS and done.took_s >= OBSERVED_S:
            run.evidence = done.evidence
        if not done.adopted:
            self._durations[started.timed_as or started.kind].append(done.took_s)
        if started.kind == "migrate":
            # A run that was rolled back keeps the schema to which it has migrated.
            step = msgspec.json.decode(run.planned.plan, type=_PlannedPhases).step(done.step)
            self._schemas[step.name] = msgspec.json.decode(step.after, type=str)

    def _ended(self, run: "_Run", name: str) -> None:
        content = (run.planned.version, run.planned.declared)
        if run.outcome == "released":
            self._succeeded(run)
            self._undone.pop(content, None)
        elif run.planned.new and run.planned.declared:
            self._undone[content] = run.summary(name)

    def _succeeded(self, run: "_Run") -> None:
        """Update the live release after a successful run."""
        planned, live = run.planned, run.planned.serves_after
        if planned.data:
            self._schemas.clear()
        if live == (self._live.number if self._live else None):
            return
        self._live = LiveRelease(live, planned.version, run.last_at) if live is not None else None
        self._origin = Origin(planned.kind, planned.before, planned.declared) if live is not None else None
        if live is not None:
            self._rolled_back.pop(live, None)
            if planned.before is not None and planned.before > live:
                self._rolled_back[planned.before] = run.last_at

    def _folded(self) -> History:
        unfinished = [name for name, run in self._runs.items() if run.outcome is None]
        return History(
            highest=max((run.planned.release for run in self._runs.values()), default=0),
            live=self._live,
            origin=self._origin,
            unfinished=unfinished[-1] if unfinished else None,
            last_run=next(reversed(self._runs), None),
            runs=tuple(run.summary(name) for name, run in reversed(self._runs.items())),
            documents=dict(self._documents),
            expected={kind: round(median(seconds), 3) for kind, seconds in self._durations.items()},
            schemas=dict(self._schemas),
            rolled_back=dict(self._rolled_back),
            undone=dict(self._undone),
        )


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


_started = msgspec.json.Decoder(Started)
_done = msgspec.json.Decoder(Done)
_planned = msgspec.json.Decoder(Planned)
_ended = msgspec.json.Decoder(Ended)
_undo_started = msgspec.json.Decoder(UndoStarted)


class _Run:
    """One run during the fold."""

    def __init__(self, row: Row) -> None:
        self.planned = _planned.decode(row.body)
        self.began_at = self.last_at = row.at
        self.outcome: HistoryOutcome | None = None
        self.started: dict[str, Started] = {}
        self.why = self.evidence = ""
        self._parked = False
        self._state = RunState()
        self._rows = [row]
        """Rows that `_state` does not contain yet; none once the run has ended."""

    def add(self, row: Row) -> None:
        self.last_at = row.at
        self._rows.append(row)
        if row.name == "ended":
            self.outcome = _ended.decode(row.body).outcome
            self._rows.clear()
        elif row.name == "undo-started":
            self.why = _undo_started.decode(row.body).why
        elif row.name in ("parked", "resumed", "answered"):
            self._parked = row.name == "parked"

    def state(self) -> RunState:
        for row in self._rows:
            self._state = self._state.after(row)
        self._rows.clear()
        return self._state

    def summary(self, run: str) -> RunSummary:
        return RunSummary(
            run=run,
            kind=self.planned.kind,
            version=self.planned.version,
            release=self.planned.release,
            outcome=self.outcome or ("parked" if self._parked else "interrupted"),
            began=self.began_at,
            took_s=max(0.0, _seconds_between(self.began_at, self.last_at)),  # The clock may have been set back.
            by=self.planned.by,
            rollback=self.planned.rollback,
            serves_after=self.planned.serves_after,
            why=self.why,
            evidence=self.evidence,
        )


def _seconds_between(began: str, ended: str) -> float:
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()
