"""`mainstay history`: every run, newest first."""

import click

from mainstay.cli.console import spoken, table
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.history.summary import RunSummary
from mainstay.operations.history import history


@click.command(
    "history",
    epilog="""\b
Examples:
  mainstay history
  mainstay history -n 5
  mainstay --output json history""",
)
@click.option("-n", "--number", "most", type=click.IntRange(min=1), metavar="N", help="Only the newest N.")
@invoked
def command(invocation: Invocation, most: int | None) -> None:
    """List the runs, newest first."""
    runs = history(context_of(invocation))[:most]
    if invocation.console.json:
        invocation.console.document(runs)
        return
    if not runs:
        invocation.console.say("nothing has been deployed here yet")
        invocation.console.say(f" next: {invocation.console.command('mainstay up')}")
        return
    rows = (
        (run.run, run.began[:19].replace("T", " "), run.kind, run.version, str(run.release), _outcome(run),
         spoken(run.took_s), run.by)
        for run in runs
    )  # fmt: skip
    for line in table(("RUN", "BEGAN", "KIND", "VERSION", "RELEASE", "OUTCOME", "TOOK", "BY"), rows):
        invocation.console.say(line)


def _outcome(run: RunSummary) -> str:
    """Return the outcome to show: the journal calls every successful run `released`, but only a deploy is a release."""
    return "completed" if run.outcome == "released" and run.kind != "deploy" else run.outcome
