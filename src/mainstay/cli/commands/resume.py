"""`mainstay resume`: finish an unfinished run."""

from typing import Literal

import click

from mainstay.cli.run_command import CommandRun, run_command
from mainstay.errors import BadInput
from mainstay.operations.outcome import CommandOutcome
from mainstay.operations.unfinished import resume


@run_command("resume", "mainstay resume", """mainstay resume --as done 4.1 --because "the hook's mail arrived" """)
@click.option(
    "--as",
    "answer",
    nargs=2,
    type=(click.Choice(["done", "undone"]), str),
    metavar="done|undone STEP",
    help="State whether the parked step is done or undone.",
)
@click.option("--because", metavar="REASON", help="The evidence for --as; recorded in the journal.")
def command(
    run: CommandRun, *, answer: tuple[Literal["done", "undone"], str] | None, because: str | None
) -> CommandOutcome:
    """Finish an unfinished run.

    It ends either released or rolled back (exit 1). The manifest is not read.
    """
    if bool(answer) != bool(because):
        raise BadInput("--as and --because go together", remedy="mainstay resume --as done STEP --because REASON")
    return resume(run.context, answer, because or "", runner=run.runner)
