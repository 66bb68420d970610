"""The history of an environment: the facts that its journal proves, over all runs."""

from typing import Literal

import msgspec

from mainstay.model.run_kind import run_kind

HistoryOutcome = Literal["released", "undone", "parked", "running", "interrupted"]


class LiveRelease(msgspec.Struct, frozen=True):
    """The live release, and the time since which it has been live."""

    number: int
    version: str
    since: str


class Origin(msgspec.Struct, frozen=True):
    """The deploy or rollback that made the live release live. A run that was undone is never an origin."""

    kind: str
    before: int | None
    """The release that was live before."""
    declared: str
    """Fingerprint of what the manifest declared when that run was planned; empty: not known."""


class RunSummary(msgspec.Struct, frozen=True):
    """One run, as `mainstay history` lists it. The journal alone shows an executing run as `interrupted`; only the lock
    shows that it is `running`."""

    run: str
    kind: str
    """`deploy`, `rollback` or `down`."""
    version: str
    release: int
    """The release that the run ships or restores; for other kinds of runs, the live one."""
    outcome: HistoryOutcome
    """released: the run succeeded, also a rollback or a `down` · undone: it was rolled back · parked: it waits for a
    person's decision · running: a process is executing it · interrupted: no process is executing it."""
    began: str
    took_s: float
    """Seconds from `began` to the last event of the run."""
    by: str
    """The user who started the run."""
    rollback: str
    """Whether a rollback to the release that was live before is safe: `safe`, or `unknown` if that release may not work
    with a schema that this run migrates, or that an undone run has migrated."""
    serves_after: int | None = None
    """The release that is live after the run if it succeeds; None when none is."""
    why: str = ""
    """Why the run was rolled back; empty: it was not."""
    evidence: str = ""
    """The figures of its last observation that took at least one second; empty: there was none."""

    @property
    def ended(self) -> str:
        """The outcome for users: the journal stores every success as `released`, but only a deploy is a release."""
        return run_kind(self.kind).success if self.outcome == "released" else self.outcome


class History(msgspec.Struct, frozen=True):
    """The facts that the journal of an environment proves, over all its runs."""

    highest: int = 0
    """The highest release number ever planned; no number is used twice."""
    live: LiveRelease | None = None
    """The live release; None before the first. A `down` keeps it for the next `up`, unless it deletes the data."""
    origin: Origin | None = None
    """The run that made the release `live` live; None without a live release."""
    unfinished: str | None = None
    """The id of the run that has not ended; None when every run has."""
    last_run: str | None = None
    """The id of the newest run; None before the first."""
    runs: tuple[RunSummary, ...] = ()
    """All runs, the newest first."""
    documents: dict[int, msgspec.Raw] = {}
    """Per release number, the JSON document of the plan that made the release."""
    expected: dict[str, float] = {}
    """The median duration of steps in seconds, by their key `Step.timed_as`."""
    schemas: dict[str, str] = {}
    """Per datastore, the schema revision after its last completed migration."""
    rolled_back: dict[int, str] = {}
    """Per release that a rollback replaced and that has not been live since, the time at which that rollback ended."""
    undone: dict[tuple[str, str], RunSummary] = {}
    """Per version and fingerprint of what the manifest declared, the last deploy of it, if that deploy was undone."""

    @property
    def served(self) -> tuple[int, ...]:
        """Releases that have been live and were not deleted since, the most recent first, each once."""
        found: dict[int, None] = {}
        for run in self.runs:
            if run.outcome == "released":
                if run.serves_after is None:
                    break
                found[run.serves_after] = None
        return tuple(found)

    @property
    def next_release(self) -> int:
        return self.highest + 1

    def document(self, number: int) -> bytes | None:
        """Return the JSON of release *number* as recorded in the plan that made it; None when no plan made it."""
        plan = self.documents.get(number)
        return bytes(msgspec.json.decode(plan, type=_OfPlan).release) if plan is not None else None

    def environment(self, number: int) -> bytes | None:
        """Return the JSON of the environment in the plan that made release *number*; None when no plan made it."""
        plan = self.documents.get(number)
        return bytes(msgspec.json.decode(plan, type=_OfPlan).environment) if plan is not None else None


class _OfPlan(msgspec.Struct):
    release: msgspec.Raw
    environment: msgspec.Raw = msgspec.Raw(b"null")
