"""The progress of a run: a line for each event, for people or for programs."""

from typing import Protocol, Self

import msgspec

from mainstay.cli.console import Console, spoken
from mainstay.history.events import (
    Answered,
    Done,
    Ended,
    Event,
    Failed,
    ParkedAt,
    Planned,
    Progress,
    Resumed,
    Started,
    Turned,
    Undoing,
    Undone,
    Withdrawn,
    decode,
)
from mainstay.history.journal import Row
from mainstay.text.plural import counted
from mainstay.text.printable import harmless


class Teller(Protocol):
    """Hears each row of a run once it is kept. May be told from any thread, one row after the other."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *how: object) -> None: ...

    def heard(self, row: Row) -> None: ...


class Heard:
    """What earlier events of a run said that a later line refers to."""

    def __init__(self) -> None:
        self.titles: dict[str, str] = {}
        self.failures: dict[str, str] = {}
        """The step of each error."""

    def hear(self, event: Event) -> None:
        """Remember the title of a step that starts, and the error of one that fails."""
        if isinstance(event, Started):
            self.titles[event.step] = event.title
        if isinstance(event, Failed):
            self.failures[event.error] = event.step


class Lines:
    """One line an event, for logs and pipes: a sentence, or a JSON document for programs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._run = Heard()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *how: object) -> None:
        pass

    def heard(self, row: Row) -> None:
        if self._console.json:
            self._console.document(document(row, self._run.titles))
            return
        event = decode(row.name, row.body)
        self._run.hear(event)
        self._console.say(f"{row.at[11:19]} {row.run} {harmless(sentence(event, self._run))}")


def document(row: Row, titles: dict[str, str]) -> dict[str, object]:
    """A row as the contract's event; *titles* of the run's steps are remembered from its `started`."""
    body: dict[str, object] = msgspec.json.decode(row.body)
    body.pop("plan", None)
    step = body.get("step")
    if row.name == "started":
        titles[str(step)] = str(body["title"])
    elif step in titles:
        body["title"] = titles[str(step)]
    elif not body.get("title", "told"):
        del body["title"]
    return {"at": row.at, "run": row.run, "sequence": row.sequence, "event": row.name, **body}


def sentence(event: Event, run: Heard) -> str:
    """Return what happened, as one line; the cause of a failure may have more."""
    match event:
        case Planned():
            return f"planned: {event.kind} {event.version}, release {event.release}, {counted(event.steps, 'step')}"
        case Resumed():
            how = f"resumed at {event.step}" if event.step else "started"
            return f"{how} by {event.by} on {event.host}"
        case Started():
            return f"{event.step} {event.title}"
        case Progress():
            return f"{event.step} … {event.what}"
        case Done():
            if event.adopted:
                return f"{event.step} already done" + (f": {event.title}" if event.title else "")
            return f"{event.step} done in {spoken(event.took_s)}: {event.evidence}"
        case Failed():
            return f"{event.step} failed: {event.error}"
        case Withdrawn():
            where = f" in stage {event.stage}" if event.stage else ""
            return f"interrupted{where}: traffic returns to the revisions that had it before"
        case Turned():
            # The line of the failed step has the whole cause.
            failed = run.failures.get(event.why)
            return f"rolling back, because step {failed} failed" if failed else f"rolling back: {event.why}"
        case Undoing():
            return f"{event.step} undoing: {run.titles.get(event.step, event.title)}".rstrip(": ")
        case Undone():
            return f"{event.step} undone: {event.evidence}"
        case ParkedAt():
            return f"parked: {event.why}; {event.remedy}"
        case Answered():
            return f"{event.step} marked {event.as_} by {event.by}: {event.because}"
        case Ended():
            how = "completed" if event.outcome == "released" else "rolled back"
            return how + (f", {event.note}" if event.note else "")
