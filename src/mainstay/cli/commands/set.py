"""`mainstay set`: store values of plain variables for an environment."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from mainstay.cli.console import Console
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.settings import reads_file, report
from mainstay.errors import BadInput
from mainstay.operations.assignments import Assignments, from_arguments, from_file
from mainstay.operations.context import Context
from mainstay.operations.settings import SettingChange, rolled_back, set_values


@invoked(
    "set", "mainstay set MODE=live NOTICE_EMAIL=ops@shop.example", "mainstay -e production set --from production.env"
)
@click.argument("assignments", nargs=-1, metavar="[NAME=VALUE]…")
@reads_file("--from", "NAME=VALUE lines")
def command(invocation: Invocation, *, assignments: tuple[str, ...], source: Path | None, dry_run: bool) -> None:
    """Store values of variables that have no default in the manifest.

    A value is kept for this environment until it is set again or unset, and takes effect with the next deploy. It is
    taken literally: no shell and no placeholder is expanded. Secrets are set with `mainstay secrets set`.
    """
    if not assignments and source is None:
        raise BadInput("nothing to set", remedy="mainstay set NAME=VALUE, or mainstay set --from FILE", code="misused")
    read = from_file(source) if source else Assignments()
    typed = from_arguments(assignments)
    both = Assignments((*typed.given, *read.given), (*typed.mistakes, *read.mistakes))
    context = context_of(invocation)
    report_changes(invocation.console, context, set_values(context, both, dry_run=dry_run), dry_run=dry_run)


def report_changes(console: Console, context: Context, changes: Sequence[SettingChange], *, dry_run: bool) -> None:
    """Print *changes*, the stored or removed values of `set` or `unset`, and the command that applies them."""
    number = rolled_back(context)
    note = f"release {number} was rolled back; a deploy ships its code again unless the source has changed"
    note = note if number else ""
    report(console, context, changes, _lines(changes), changed=bool(changes), dry_run=dry_run, note=note)


def _lines(changes: Sequence[SettingChange]) -> Iterator[str]:
    if not changes:
        yield "nothing to change: these values are already stored"
    for change in changes:
        yield f"{change.name}: {_shown(change.before)} → {_shown(change.after)}"


def _shown(value: str | None) -> str:
    return "not set" if value is None else repr(value)
