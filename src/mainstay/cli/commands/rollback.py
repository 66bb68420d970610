"""`mainstay rollback`: make an earlier release live again."""

import click

from mainstay.cli.invocation import ReleaseNumber
from mainstay.cli.run_command import CommandRun, run_command
from mainstay.operations.outcome import CommandOutcome
from mainstay.operations.rollback import rollback


@run_command("rollback", "mainstay rollback", "mainstay -e production rollback --to 41 --yes", approves=True)
@click.option("--to", type=ReleaseNumber(), metavar="RELEASE", help="The release to go back to.")
def command(run: CommandRun, *, to: int | None) -> CommandOutcome:
    """Roll back to the previous release, or to a named one.

    A rollback makes no new release: the old one becomes live again, and `up` keeps it until the manifest changes. A
    stopped environment is started first.
    """
    return rollback(run.context, to, approve=run.approval, runner=run.runner, notices=run.console)
