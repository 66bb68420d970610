"""What a run tells while it goes: a line an event, for people or for programs."""

from typing import Protocol, Self

import msgspec

from mainstay.cli.console import Console, counted, spoken
from mainstay.events import (
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
from mainstay.journal import Row
from mainstay.printable import harmless


class Teller(Protocol):
    """Hears each row of a run once it is kept. May be told from any thread, one row after the other."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *how: object) -> None: ...

    def heard(self, row: Row) -> None: ...


class Lines:
    """One line an event, for logs and pipes: a sentence, or a JSON document for programs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._titles: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *how: object) -> None:
        pass

    def heard(self, row: Row) -> None:
        if self._console.json:
            self._console.document(document(row, self._titles))
            return
        event = decode(row.name, row.body)
        if isinstance(event, Started):
            self._titles[event.step] = event.title
        self._console.say(f"{row.at[11:19]} {row.run} {harmless(sentence(event, self._titles))}")


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


def sentence(event: Event, titles: dict[str, str]) -> str:
    """What happened, in a line."""
    match event:
        case Planned():
            return f"planned: {event.kind} {event.version}, release {event.release}, {counted(event.steps, 'step')}"
        case Resumed():
            return f"taken up by {event.by} on {event.host}" + (f" at {event.step}" if event.step else "")
        case Started():
            return f"{event.step} {event.title}"
        case Progress():
            return f"{event.step} … {event.what}"
        case Done():
            found = f"was there already ({event.title})" if event.title else "was there already"
            how = found if event.adopted else f"done in {spoken(event.took_s)}"
            return f"{event.step} {how}: {event.evidence}"
        case Failed():
            return f"{event.step} failed: {event.error}"
        case Withdrawn():
            return f"interrupted in stage {event.stage}: traffic goes back"
        case Turned():
            # The whole of it was told when the step failed.
            return f"going back: {event.why.splitlines()[0] if event.why else ''} ({event.by})"
        case Undoing():
            return f"{event.step} undoing: {titles.get(event.step, event.title)}".rstrip(": ")
        case Undone():
            return f"{event.step} undone: {event.evidence}"
        case ParkedAt():
            return f"parked: {event.why}; {event.remedy}"
        case Answered():
            return f"{event.step} is {event.as_}, says {event.by}: {event.because}"
        case Ended():
            return f"ended: {event.outcome}" + (f", {event.note}" if event.note else "")
