"""`mainstay resume`: finish an unfinished run."""

from typing import Literal

import click

from mainstay.cli.approval import Approval
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.run_command import run_and_report
from mainstay.errors import BadInput
from mainstay.operations.resume import Word, resume


@click.command(
    "resume",
    epilog="""\b
Examples:
  mainstay resume
  mainstay resume --as done 4.1 --because "the hook's mail arrived" """,
)
@click.option(
    "--as",
    "answer",
    nargs=2,
    type=(click.Choice(["done", "undone"]), str),
    metavar="done|undone STEP",
    help="How the parked step stands.",
)
@click.option("--because", metavar="REASON", help="How you know; it is recorded.")
@invoked
def command(
    invocation: Invocation, *, answer: tuple[Literal["done", "undone"], str] | None, because: str | None
) -> int:
    """Finish an unfinished run.

    It ends either released or rolled back (exit 1). The manifest is not read.
    """
    if (answer is None) != (because is None):
        raise BadInput("--as and --because go together", remedy="mainstay resume --as done STEP --because REASON")
    word = Word(answer[1], answer[0], because) if answer and because else None
    approval = Approval(invocation.console, "resume", yes=True)
    outcome = run_and_report(
        invocation.console,
        approval,
        lambda runner: resume(context_of(invocation), word, runner=runner),
    )
    return outcome.exit_code if outcome else 0
