"""`mainstay history`: list every run, newest first."""

from collections.abc import Iterator

import click

from mainstay.cli.console import duration
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.history.summary import RunSummary
from mainstay.operations.history import history
from mainstay.text.first_line import first_line
from mainstay.text.parts import parts_of


@invoked("history", "mainstay history", "mainstay history -n 5", "mainstay --output json history")
@click.option("-n", "--number", "most", type=click.IntRange(min=1), metavar="N", help="Show only the newest N runs.")
def command(invocation: Invocation, most: int | None) -> None:
    """List the runs, newest first.

    Lines below the table show why a run was rolled back or, if it was not, the figures by which its release was judged.
    """
    runs = history(context_of(invocation))[:most]
    if invocation.console.json:
        invocation.console.document(runs)
        return
    if not runs:
        invocation.console.print("nothing has been deployed here yet")
        invocation.console.next("mainstay up")
        return
    rows = (
        (run.run, run.began[:19].replace("T", " "), run.kind, run.version or "-", str(run.release or "-"), run.ended,
         duration(run.took_s), run.by)
        for run in runs
    )  # fmt: skip
    invocation.console.table(("RUN", "BEGAN", "KIND", "VERSION", "RELEASE", "OUTCOME", "TOOK", "BY"), rows)
    lines = [line for run in runs for line in reasons(run)]
    for line in ["", *lines] if lines else []:
        invocation.console.print(line)


def reasons(run: RunSummary) -> Iterator[str]:
    """Yield the line on why *run* was rolled back or, if it was not, a line for each service that was observed."""
    lines = [first_line(run.why)] if run.why else _figures(run.evidence)
    for number, line in enumerate(lines):
        yield " " * len(f"{run.run}: ") + line if number else f"{run.run}: {line}"


def _figures(evidence: str) -> list[str]:
    """Return the figures of each service in *evidence*; the number of ready instances if nothing was compared."""
    ready, *figures = parts_of(evidence)
    return figures or ([ready] if ready else [])
