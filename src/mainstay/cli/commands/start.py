"""`mainstay start`: start the live release, and nothing newer."""

import click

from mainstay.cli.run_command import CommandRun, run_command
from mainstay.operations.outcome import CommandOutcome
from mainstay.operations.start import start


@run_command("start", "mainstay start", "mainstay --state /var/lib/mainstay/hello-production start --unless-stopped")
@click.option(
    "--unless-stopped", is_flag=True, help="Do nothing if `mainstay down` stopped the environment; for use at boot."
)
def command(run: CommandRun, *, unless_stopped: bool) -> CommandOutcome:
    """Start the live release after `down` or a reboot; deploy nothing.

    The manifest is not read. Exit 1: at least one service did not start; the error names it. Exit 4: a run is
    unfinished; what the run left running is started again, and `resume` or `abort` finishes the run.
    """
    return start(run.context, runner=run.runner, notices=run.console, unless_stopped=unless_stopped)
