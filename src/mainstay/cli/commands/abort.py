"""`mainstay abort`: the unfinished run goes back."""

import click

from mainstay.cli.approval import Approval
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.run_command import carry
from mainstay.operations.abort import abort


@click.command(
    "abort",
    epilog="""\b
Examples:
  mainstay abort""",
)
@invoked
def command(invocation: Invocation) -> int:
    """Turn the unfinished run back, also from another terminal.

    Ends 0 when all is as before. Refused (exit 3) once old revisions are being retired: then roll back.
    """
    approval = Approval(invocation.console, "abort", yes=True)
    outcome = carry(
        invocation.console,
        approval,
        lambda carrier: abort(context_of(invocation), carrier=carrier),
    )
    return 0 if outcome and outcome.outcome == "undone" else 1
