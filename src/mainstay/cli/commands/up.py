"""`mainstay up`: start the environment, then deploy what the manifest declares."""

import click

from mainstay.cli.run_command import CommandRun, run_command
from mainstay.operations.outcome import CommandOutcome
from mainstay.operations.up import up


def _print_next(run: CommandRun, outcome: CommandOutcome) -> None:
    release = run.approval.plan.release if run.approval.plan else None
    routes = release.edge.routes if release and release.edge else ()
    run.console.print()
    if outcome.url:
        run.console.print(f"open: {outcome.url}")
    if release and release.edge and release.edge.tls and release.edge.tls.mode == "internal":
        run.console.next("mainstay edge trust", "how clients trust its certificate")
    run.console.next("mainstay status", "what runs and what is live")
    if routes:
        run.console.next(f"mainstay logs {routes[0].service}", "what it writes")
    else:
        run.console.next("mainstay history", "what was shipped")
    run.console.next("mainstay deploy", "ship a change")


@run_command(
    "up", "mainstay up", "mainstay -e staging up --yes", "mainstay up --deploy", approves=True, then=_print_next
)
@click.option("--deploy", is_flag=True, help="Deploy the manifest even if it has not changed since a rollback.")
def command(run: CommandRun, *, deploy: bool) -> CommandOutcome:
    """Start the environment, then deploy what the manifest declares.

    Finishes an unfinished run, starts the live release, then deploys if the manifest has changed since the live release
    was chosen. After a rollback, `up` therefore keeps the release that was rolled back to; it also keeps the live one
    while the manifest declares what a deploy has just rolled back. --deploy deploys in both cases. In `local`, `up`
    does not ask for approval.
    """
    return up(run.context, approve=run.approval, runner=run.runner, notices=run.console, insist=deploy)
