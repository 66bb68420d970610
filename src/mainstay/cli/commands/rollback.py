"""`mainstay rollback`: make an earlier release live again."""

import click

from mainstay.cli.approval import Approval
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.options import ReleaseNumber
from mainstay.cli.run_command import dry_run, run_and_report, yes
from mainstay.operations.rollback import rollback


@click.command(
    "rollback",
    epilog="""\b
Examples:
  mainstay rollback
  mainstay -e production rollback --to 41 --yes""",
)
@click.option("--to", type=ReleaseNumber(), metavar="RELEASE", help="The release to go back to.")
@yes
@dry_run
@invoked
def command(invocation: Invocation, *, to: int | None, yes: bool, dry_run: bool) -> int:
    """Roll back to the previous release, or to a named one.

    A rollback makes no new release: the old one becomes live again, and `up` keeps it until the manifest changes. A
    stopped environment is started first. No check and no maintenance window delays a rollback.
    """
    console = invocation.console
    approval = Approval(console, f"rollback --to {to}" if to else "rollback", yes=yes, dry_run=dry_run)
    outcome = run_and_report(
        console,
        approval,
        lambda runner: rollback(context_of(invocation), to, approve=approval, runner=runner, notices=console),
    )
    return outcome.exit_code if outcome else 0
