"""`mainstay down`: stop everything that runs in the environment and keep the data."""

import click

from mainstay.cli.run_command import CommandRun, run_command
from mainstay.operations.down import down
from mainstay.operations.outcome import CommandOutcome


def _print_next(run: CommandRun, outcome: CommandOutcome) -> None:
    run.console.next("mainstay start" if outcome.release else "mainstay up")


@run_command("down", "mainstay down", "mainstay down --data --confirm hello/local", approves=True, then=_print_next)
@click.option("--data", is_flag=True, help="Remove data and releases too; never backups, journal or keys.")
@click.option("--confirm", metavar="SYSTEM/ENVIRONMENT", help="Confirm the loss of data, which --yes does not.")
def command(run: CommandRun, *, data: bool) -> CommandOutcome:
    """Stop everything that runs; keep the data.

    Services drain, then datastores and the edge stop. The environment stays stopped across reboots, until `mainstay
    start`.
    """
    return down(run.context, data=data, approve=run.approval, runner=run.runner)
