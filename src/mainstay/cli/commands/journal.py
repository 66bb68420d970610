"""`mainstay journal`: show the events of a run, verify the journal's integrity, or export it."""

import click

from mainstay.cli.context import context_of
from mainstay.cli.event_text import EventContext, document, sentence
from mainstay.cli.invocation import Invocation, invoked
from mainstay.errors import JournalCorrupt
from mainstay.history.journal_file import RESTORE
from mainstay.operations.history import journal_reader, show_journal, verify_journal


@click.group("journal")
def command() -> None:
    """Show, verify or export the journal."""


@invoked("show", "mainstay journal show", "mainstay journal show r-0007", group=command)
@click.argument("run", required=False)
def show(invocation: Invocation, run: str | None) -> None:
    """Show the events of a run; by default of the last run."""
    context = EventContext()
    for row in show_journal(context_of(invocation), run):
        if invocation.console.json:
            invocation.console.document(document(row, context.titles))
        else:
            when, text = row.at[:19].replace("T", " "), sentence(context.read(row), context)
            invocation.console.print(f"{row.sequence:>5} {when} {row.run} {text}")


@invoked("verify", "mainstay journal verify", group=command)
def verify(invocation: Invocation) -> None:
    """Verify that no row was changed and none is missing. Exit 5: the verification failed."""
    found = verify_journal(context_of(invocation))
    if found.bad is not None:
        what = f"the journal was changed or has lost rows, found at row {found.bad}: {found.why}"
        raise JournalCorrupt(what, remedy=RESTORE)
    if invocation.console.json:
        invocation.console.document(found)
    else:
        invocation.console.print(f"{found.rows} rows; none was changed, none is missing")


@invoked("export", "mainstay journal export > journal.jsonl", group=command)
def export(invocation: Invocation) -> None:
    """Print every row as a line of JSON, with its hash."""
    for row in journal_reader(context_of(invocation)).export():
        invocation.console.print(row.decode(errors="replace").rstrip("\n"))
