"""`mainstay abort`: roll back the unfinished run."""

import click

from mainstay.cli.approval import Approval
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.run_command import run_and_report
from mainstay.operations.abort import abort


@click.command(
    "abort",
    epilog="""\b
Examples:
  mainstay abort""",
)
@invoked
def command(invocation: Invocation) -> int:
    """Roll back the unfinished run, also from another terminal.

    Exit 0: everything is as it was before the run. Exit 3: old revisions are already being retired, so the run can no
    longer be undone; use `rollback` when it has finished.
    """
    approval = Approval(invocation.console, "abort", yes=True)
    outcome = run_and_report(
        invocation.console,
        approval,
        lambda runner: abort(context_of(invocation), runner=runner),
    )
    return 0 if outcome and outcome.outcome == "undone" else 1
