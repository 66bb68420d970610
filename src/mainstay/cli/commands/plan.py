"""`mainstay plan`: show the runbook, the diff, the durations and the rollback class; change nothing that runs."""

import click

from mainstay.cli import plan_text
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.operations.plan import make
from mainstay.planning.document import document


@invoked("plan", "mainstay plan", "mainstay -e production plan 2.1.0", "mainstay --output json plan")
@click.argument("version", required=False)
def command(invocation: Invocation, version: str | None) -> None:
    """Show the runbook of a deploy; change nothing that runs.

    VERSION is accepted if a source or an image contains {version}; otherwise the manifest's version is used.
    """
    plan = make(context_of(invocation), version)
    if invocation.console.json:
        invocation.console.document(document(plan))
        return
    for line in plan_text.text(plan):
        invocation.console.print(invocation.console.command(line))
    if not plan.unchanged:
        invocation.console.print()
        invocation.console.next(" ".join(filter(None, ["mainstay deploy", version])))
