"""What every command that executes a run shares: approval, progress, interruption and outcome."""

from collections.abc import Callable

import click
import msgspec

from mainstay.cli.approval import Approval, OnlyShown
from mainstay.cli.console import Console, spoken, styled
from mainstay.cli.event_text import EventLines, ProgressListener
from mainstay.cli.live import LivePhases
from mainstay.cli.signals import heard_by
from mainstay.engine.interruption import Interruption
from mainstay.engine.runner import Runner
from mainstay.history.events import Failed
from mainstay.history.journal import Row
from mainstay.operations.outcome import Outcome
from mainstay.system.clock import SystemClock
from mainstay.text.printable import harmless

yes = click.option("--yes", is_flag=True, help="Carry the plan out without asking.")
dry_run = click.option("--dry-run", is_flag=True, help="Show the plan and do nothing.")


def run_and_report(console: Console, approval: Approval, begin: Callable[[Runner], Outcome]) -> Outcome | None:
    """Call *begin*, print its progress and return its outcome; None if the plan was only shown."""
    ear = _Progress(console, approval)
    interruption = Interruption()
    try:
        with heard_by(interruption):
            outcome = begin(Runner.here(SystemClock(), interruption=interruption, on_event=ear.on_event))
    except OnlyShown:
        return None
    finally:
        ear.close()
    _tell(console, outcome)
    if outcome.outcome == "undone" and outcome.wanted == "released" and ear.remedy and not console.json:
        console.say(f" next: {console.command(ear.remedy)}")
    return outcome


class _Progress:
    """Opens the progress display at the first row, so that it never overwrites a question."""

    def __init__(self, console: Console, approval: Approval) -> None:
        self._console = console
        self._approval = approval
        self._teller: ProgressListener | None = None
        self.remedy = ""
        """The command to type after the first failure."""

    def on_event(self, row: Row) -> None:
        if row.name == "failed" and not self.remedy:
            self.remedy = msgspec.json.decode(row.body, type=Failed).remedy
        if self._teller is None:
            self._teller = self._open()
            self._teller.__enter__()
        self._teller.on_event(row)

    def close(self) -> None:
        if self._teller is not None:
            self._teller.__exit__()

    def _open(self) -> ProgressListener:
        if not self._console.live:
            return EventLines(self._console)
        phases = LivePhases(self._console.command)
        if self._approval.plan is not None:
            phases.knows(self._approval.plan)
        return phases


def _tell(console: Console, outcome: Outcome) -> None:
    if console.json:
        if not outcome.run:
            console.document(outcome)
        return
    if outcome.outcome == "undone":
        console.say(f"{styled('rolled back:', fg='yellow', bold=True)} {_live(outcome)}")
    elif outcome.outcome == "started":
        console.say(f"{styled('started', fg='green', bold=True)} in {spoken(outcome.took_s)}: {_live(outcome)}")
    elif outcome.run:
        now = "everything is stopped" if outcome.kind == "down" else _live(outcome)
        console.say(f"{styled('done', fg='green', bold=True)} in {spoken(outcome.took_s)}: {now}")
    if outcome.note:
        console.say(console.command(harmless(outcome.note)))


def _live(outcome: Outcome) -> str:
    where = f" at {outcome.url}" if outcome.url else ""
    return f"release {outcome.release} ({outcome.version}) is live{where}" if outcome.release else "no release is live"
