"""`mainstay deploy`: ship a version."""

import click

from mainstay.cli.run_command import CommandRun, run_command
from mainstay.operations.deploy import deploy
from mainstay.operations.outcome import CommandOutcome


@run_command(
    "deploy",
    "mainstay deploy",
    "mainstay -e production deploy 2.1.0",
    "mainstay -e production deploy --plan 550388b03c --yes",
    approves=True,
)
@click.argument("version", required=False)
@click.option("--plan", "plan_id", metavar="ID", help="Execute exactly this plan; a stale plan is refused.")
def command(run: CommandRun, *, version: str | None, plan_id: str | None) -> CommandOutcome:
    """Ship a version.

    New revisions start beside the old ones. Traffic moves to them once they are ready, and back if they fail. A stopped
    environment is started first. If the command is killed at any moment, `resume` finishes the run. Exit 1: the deploy
    failed and was rolled back.
    """
    return deploy(run.context, version, approve=run.approval, plan_id=plan_id, runner=run.runner, notices=run.console)
