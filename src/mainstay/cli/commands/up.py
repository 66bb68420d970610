"""`mainstay up`: start the environment, then deploy what the manifest declares."""

import click

from mainstay.cli.approval import Approval
from mainstay.cli.console import Console
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.run_command import dry_run, run_and_report, yes
from mainstay.operations.outcome import Outcome
from mainstay.operations.up import up


@click.command(
    "up",
    epilog="""\b
Examples:
  mainstay up
  mainstay -e staging up --yes
  mainstay up --deploy""",
)
@click.option("--deploy", is_flag=True, help="Deploy the manifest even if it has not changed since a rollback.")
@yes
@dry_run
@invoked
def command(invocation: Invocation, *, deploy: bool, yes: bool, dry_run: bool) -> int:
    """Start the environment, then deploy what the manifest declares.

    Starts the live release, finishes an unfinished run, then deploys if the manifest has changed since the live release
    was chosen. After a rollback, `up` therefore keeps the release that was rolled back to, unless --deploy is given. In
    `local` it does not ask for approval.
    """
    console = invocation.console
    approval = Approval(console, "up --deploy" if deploy else "up", yes=yes, dry_run=dry_run)
    outcome = run_and_report(
        console,
        approval,
        lambda runner: up(
            context_of(invocation, asks=not dry_run),
            approve=approval,
            runner=runner,
            notices=console,
            insist=deploy,
        ),
    )
    if outcome is None:
        return 0
    if outcome.outcome != "undone" and not console.json:
        _say_what_next(console, outcome, approval)
    return outcome.exit_code


def _say_what_next(console: Console, outcome: Outcome, approval: Approval) -> None:
    release = approval.plan.release if approval.plan else None
    routes = release.edge.routes if release and release.edge else ()
    look = (f"logs {routes[0].service}", "what it writes") if routes else ("history", "what was shipped")
    console.say()
    if outcome.url:
        console.say(f"open: {outcome.url}")
    for verb, does in (
        ("status", "what runs and what is live"),
        look,
        ("deploy", "ship a change"),
    ):
        console.say(f" next: {console.command(f'mainstay {verb}')}  ({does})")
