"""`mainstay set`: store values of plain variables for an environment."""

from pathlib import Path

import click

from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.settings import changes_only, show
from mainstay.errors import BadInput
from mainstay.operations.assignments import Assignments, from_arguments, from_file
from mainstay.operations.set import set_values


@click.command(
    "set",
    epilog="""\b
Examples:
  mainstay set MODE=live NOTICE_EMAIL=ops@shop.example
  mainstay -e production set --from production.env""",
)
@click.argument("assignments", nargs=-1, metavar="[NAME=VALUE]…")
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Read NAME=VALUE lines from a file.",
)
@changes_only
@invoked
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
    show(invocation.console, context, set_values(context, both, dry_run=dry_run), dry_run=dry_run)
