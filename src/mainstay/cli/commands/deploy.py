"""`mainstay deploy`: ship a version."""

import click

from mainstay.cli.approval import Approval
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.run_command import dry_run, run_and_report, yes
from mainstay.operations.deploy import deploy


@click.command(
    "deploy",
    epilog="""\b
Examples:
  mainstay deploy
  mainstay -e production deploy 2.1.0
  mainstay -e production plan, then: mainstay -e production deploy --plan 3f9a1c --yes""",
)
@click.argument("version", required=False)
@click.option("--plan", "plan_id", metavar="ID", help="Carry out exactly this plan; refused when it is stale.")
@yes
@dry_run
@invoked
def command(invocation: Invocation, *, version: str | None, plan_id: str | None, yes: bool, dry_run: bool) -> int:
    """Ship a version.

    New revisions start beside the old ones; traffic moves when they are ready, and moves back when they fail. A stopped
    environment is started first. If the command is killed at any moment, `resume` finishes the run. Exit 1: it failed
    and was rolled back.
    """
    console = invocation.console
    context = context_of(invocation, asks=not dry_run)
    verb = " ".join(["deploy", *filter(None, [version]), *(["--plan", plan_id] if plan_id else [])])
    approval = Approval(console, verb, yes=yes, dry_run=dry_run)
    outcome = run_and_report(
        console,
        approval,
        lambda runner: deploy(context, version, approve=approval, plan_id=plan_id, runner=runner, notices=console),
    )
    return outcome.exit_code if outcome else 0
