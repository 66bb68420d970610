"""`mainstay logs`: what a service says."""

import click

from mainstay.cli.console import harmless
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.operations.logs import logs


@click.command(
    "logs",
    epilog="""\b
Examples:
  mainstay logs web
  mainstay logs web -n 20 -f
  mainstay --output json logs web""",
)
@click.argument("service")
@click.option("-n", "--lines", type=click.IntRange(min=0), default=100, show_default=True, metavar="N",
              help="How many of the last lines.")  # fmt: skip
@click.option("-f", "--follow", is_flag=True, help="Then show new ones as they come.")
@invoked
def command(invocation: Invocation, service: str, *, lines: int, follow: bool) -> None:
    """Show what a service says."""
    for said in logs(context_of(invocation), service, lines=lines, follow=follow):
        if invocation.console.json:
            invocation.console.document(said)
        else:
            invocation.console.say(f"{said.at[:19].replace('T', ' ')} {said.instance}  {harmless(said.line)}")
