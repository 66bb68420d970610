"""Print the progress of a run: one line per event, as text or JSON."""

import msgspec

from mainstay.cli.console import Console, duration
from mainstay.history import events
from mainstay.history.journal import Row
from mainstay.text.plural import counted


class EventContext:
    """The titles and failures in a run's earlier events, to which the text of later events refers."""

    def __init__(self) -> None:
        self.titles: dict[str, str] = {}
        """The title of each step, by its number."""
        self.failures: dict[str, str] = {}
        """The number of each step that failed, by the error's message."""

    def read(self, row: Row) -> events.Event:
        """Return the event of *row*. Remember the title of a step, and the error of a failed step."""
        event = events.decode(row.name, row.body)
        if isinstance(event, events.Started | events.Done | events.Undoing) and event.title:
            self.titles[event.step] = event.title
        if isinstance(event, events.Failed):
            self.failures[event.error] = event.step
        return event


class EventLines:
    """Prints one line per event, for logs and pipes: a sentence, or a JSON document."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._run = EventContext()

    def on_event(self, row: Row) -> None:
        if self._console.json:
            found = document(row, self._run.titles)
            if "remedy" in found:
                found["remedy"] = self._console.command(str(found["remedy"]))
            self._console.document(found)
            return
        event = self._run.read(row)
        text = sentence(event, self._run)
        # Other events may quote what a service printed.
        shown = self._console.command(text) if isinstance(event, events.ParkedAt) else text
        self._console.print(f"{row.at[11:19]} {row.run} {shown}")


def document(row: Row, titles: dict[str, str]) -> dict[str, object]:
    """Return a journal row as the JSON event for users, with the step's title.

    *titles* has the titles of steps from earlier rows, by step number; the title of a `started` event is added to it.
    """
    body: dict[str, object] = msgspec.json.decode(row.body)
    body.pop("plan", None)
    step = body.get("step")
    if row.name == "started":
        titles[str(step)] = str(body["title"])
    elif step in titles:
        body["title"] = titles[str(step)]
    elif not body.get("title", "present"):
        del body["title"]
    return {"at": row.at, "run": row.run, "sequence": row.sequence, "event": row.name, **body}


def sentence(event: events.Event, run: EventContext) -> str:
    """Return one line about the event; the cause of a failure may take several lines."""
    match event:
        case events.Planned():
            return f"planned: {event.kind} {event.version}, release {event.release}, {counted(event.steps, 'step')}"
        case events.Resumed():
            how = f"resumed at {event.step}" if event.step else "started"
            return f"{how} by {event.by} on {event.host}"
        case events.Started():
            return f"{event.step} {event.title}"
        case events.Progress():
            return f"{event.step} … {event.what}"
        case events.Done():
            if event.adopted:
                return f"{event.step} already done" + (f": {event.title}" if event.title else "")
            return f"{event.step} done in {duration(event.took_s)}" + (f": {event.evidence}" if event.evidence else "")
        case events.Failed():
            return f"{event.step} failed: {event.error}"
        case events.TrafficReverted():
            where = f" in stage {event.stage}" if event.stage else ""
            return f"interrupted{where}: traffic returns to the revisions that had it before"
        case events.UndoStarted():
            # The failed step's own line already shows the whole cause.
            failed = run.failures.get(event.why)
            return f"rolling back, because step {failed} failed" if failed else f"rolling back: {event.why}"
        case events.Undoing():
            return f"{event.step} undoing: {run.titles.get(event.step, event.title)}".rstrip(": ")
        case events.Undone():
            return f"{event.step} undone: {event.evidence}"
        case events.ParkedAt():
            return f"parked: {event.why}; {event.remedy}"
        case events.Answered():
            return f"{event.step} marked {event.as_} by {event.by}: {event.because}"
        case events.Ended():
            how = "completed" if event.outcome == "released" else "rolled back"
            return how + (f", {event.note}" if event.note else "")
