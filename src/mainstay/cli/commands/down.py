"""`mainstay down`: stop everything that runs in the environment and keep the data."""

import click

from mainstay.cli.approval import Approval
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.run_command import dry_run, run_and_report, yes
from mainstay.operations.down import down


@click.command(
    "down",
    epilog="""\b
Examples:
  mainstay down
  mainstay down --data --confirm hello/local""",
)
@click.option("--data", is_flag=True, help="Remove data and releases too; never backups, journal or keys.")
@click.option("--confirm", metavar="SYSTEM/ENVIRONMENT", help="Answers the question that --yes does not.")
@yes
@dry_run
@invoked
def command(invocation: Invocation, *, data: bool, confirm: str | None, yes: bool, dry_run: bool) -> int:
    """Stop everything that runs; keep the data.

    Services drain, then datastores and the edge stop. The environment stays stopped across reboots, until `mainstay
    start`.
    """
    console = invocation.console
    verb = "down --data" if data else "down"
    approval = Approval(console, verb, yes=yes, dry_run=dry_run, loses_data=data, confirmed=confirm)
    outcome = run_and_report(
        console,
        approval,
        lambda runner: down(context_of(invocation), data=data, approve=approval, runner=runner),
    )
    if outcome is None:
        return 0
    if not console.json and outcome.outcome != "undone":
        console.say(f" next: {console.command('mainstay start' if outcome.release else 'mainstay up')}")
    return outcome.exit_code
