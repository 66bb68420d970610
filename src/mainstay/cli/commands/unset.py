"""`mainstay unset`: remove stored values of plain variables."""

import click

from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.settings import changes_only, show
from mainstay.operations.unset import unset


@click.command("unset", epilog="\b\nExamples:\n  mainstay unset NOTICE_EMAIL")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@changes_only
@invoked
def command(invocation: Invocation, *, names: tuple[str, ...], dry_run: bool) -> None:
    """Forget stored values of variables.

    This takes effect with the next deploy. The value of a variable that a service requires cannot be removed: set
    another value instead.
    """
    context = context_of(invocation)
    show(invocation.console, context, unset(context, names, dry_run=dry_run), dry_run=dry_run)
