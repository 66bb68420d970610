"""`mainstay unset`: remove stored values of plain variables."""

import click

from mainstay.cli.commands.set import report_changes
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.settings import dry_run
from mainstay.operations.settings import unset


@invoked("unset", "mainstay unset NOTICE_EMAIL")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@dry_run
def command(invocation: Invocation, *, names: tuple[str, ...], dry_run: bool) -> None:
    """Remove stored values of variables.

    This takes effect with the next deploy. The value of a variable that a service requires cannot be removed: set
    another value instead.
    """
    context = context_of(invocation)
    report_changes(invocation.console, context, unset(context, names, dry_run=dry_run), dry_run=dry_run)
