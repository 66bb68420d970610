"""`mainstay history`: every run, newest first."""

import click

from mainstay.cli.console import duration
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, examples, invoked
from mainstay.history.summary import RunSummary
from mainstay.model.run_kind import run_kind
from mainstay.operations.history import history


@click.command(
    "history",
    epilog=examples("mainstay history", "mainstay history -n 5", "mainstay --output json history"),
)
@click.option("-n", "--number", "most", type=click.IntRange(min=1), metavar="N", help="Show only the newest N runs.")
@invoked
def command(invocation: Invocation, most: int | None) -> None:
    """List the runs, newest first."""
    runs = history(context_of(invocation))[:most]
    if invocation.console.json:
        invocation.console.document(runs)
        return
    if not runs:
        invocation.console.print("nothing has been deployed here yet")
        invocation.console.next("mainstay up")
        return
    rows = (
        (run.run, run.began[:19].replace("T", " "), run.kind, run.version, str(run.release), _outcome(run),
         duration(run.took_s), run.by)
        for run in runs
    )  # fmt: skip
    invocation.console.table(("RUN", "BEGAN", "KIND", "VERSION", "RELEASE", "OUTCOME", "TOOK", "BY"), rows)


def _outcome(run: RunSummary) -> str:
    """Return the outcome to show: the journal calls every successful run `released`, but only a deploy is a release."""
    return run_kind(run.kind).success if run.outcome == "released" else run.outcome
