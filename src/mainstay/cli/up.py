"""`mainstay up`: the environment runs what the manifest says."""

import click

from mainstay.cli.approval import Approval
from mainstay.cli.console import Console
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.run import carry, dry_run, yes
from mainstay.operations.outcome import Outcome
from mainstay.operations.up import up


@click.command(
    "up",
    epilog="""\b
Examples:
  mainstay up
  mainstay -e staging up --yes""",
)
@yes
@dry_run
@invoked
def command(invocation: Invocation, *, yes: bool, dry_run: bool) -> int:
    """Make the environment run what the manifest says.

    Wakes it, finishes an unfinished run, then ships the manifest where it differs from what serves. In `local` nothing
    is asked.
    """
    console = invocation.console
    approval = Approval(console, "up", yes=yes, dry_run=dry_run)
    outcome = carry(
        console,
        approval,
        lambda carrier: up(context_of(invocation, asks=not dry_run), approve=approval, carrier=carrier),
    )
    if outcome is None:
        return 0
    if outcome.outcome == "released" and not console.json:
        _say_what_next(console, outcome, approval)
    return outcome.exit_code


def _say_what_next(console: Console, outcome: Outcome, approval: Approval) -> None:
    release = approval.plan.release if approval.plan else None
    routes = release.edge.routes if release and release.edge else ()
    look = (f"logs {routes[0].service}", "what it says") if routes else ("history", "what was shipped")
    console.say()
    if outcome.url:
        console.say(f"open: {outcome.url}")
    for verb, does in (
        ("status", "what runs and what serves"),
        look,
        ("deploy", "ship a change"),
    ):
        console.say(f" next: {console.command(f'mainstay {verb}')}  ({does})")
