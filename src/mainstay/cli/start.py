"""`mainstay start`: start what was live, and nothing newer."""

import click

from mainstay.cli.approval import Approval
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.run import carry
from mainstay.operations.start import start


@click.command(
    "start",
    epilog="""\b
Examples:
  mainstay start
  mainstay --state /var/lib/mainstay/hello-production start""",
)
@invoked
def command(invocation: Invocation) -> int:
    """Start what was live, after `down` or a reboot; ships nothing.

    The manifest is not read. Exit 1: something did not start; it is named. Exit 4: a run is unfinished; what it left is
    started, and `resume` or `abort` finishes it.
    """
    console = invocation.console
    outcome = carry(
        console,
        Approval(console, "start", yes=True),
        lambda carrier: start(context_of(invocation), carrier=carrier, notices=console),
    )
    return outcome.exit_code if outcome else 0
