"""`mainstay start`: start the live release, and nothing newer."""

import click

from mainstay.cli.approval import Approval
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.run_command import run_and_report
from mainstay.operations.start import start


@click.command(
    "start",
    epilog="""\b
Examples:
  mainstay start
  mainstay --state /var/lib/mainstay/hello-production start --unless-stopped""",
)
@click.option("--unless-stopped", is_flag=True, help="Leave it stopped where `mainstay down` has stopped it; for boot.")
@invoked
def command(invocation: Invocation, *, unless_stopped: bool) -> int:
    """Start the live release after `down` or a reboot; deploy nothing.

    The manifest is not read. Exit 1: at least one service did not start; the error names it. Exit 4: a run is
    unfinished; the state it left is started, and `resume` or `abort` finishes it.
    """
    console = invocation.console
    outcome = run_and_report(
        console,
        Approval(console, "start", yes=True),
        lambda runner: start(context_of(invocation), runner=runner, notices=console, unless_stopped=unless_stopped),
    )
    return outcome.exit_code if outcome else 0
