"""`mainstay logs`: show the logs of a service, a datastore or the edge."""

import click

from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, ReleaseNumber, invoked
from mainstay.model.log_lines import LogQuery
from mainstay.operations.logs import logs


@invoked(
    "logs",
    "mainstay logs web",
    "mainstay logs web -n 20 -f",
    "mainstay logs web --release 8",
    "mainstay logs web --instance web-8-1",
    "mainstay logs edge",
    "mainstay --output json logs web",
)
@click.argument("service")
@click.option("-n", "--lines", type=click.IntRange(min=0), default=100, show_default=True, metavar="N",
              help="Show the last N lines.")  # fmt: skip
@click.option("-f", "--follow", is_flag=True, help="Then show new lines as they are written.")
@click.option("--release", type=ReleaseNumber(), metavar="NUMBER", help="Only lines of this release.")
@click.option("--instance", metavar="ID", help="Only lines of this instance, for example web-8-1.")
def command(
    invocation: Invocation, service: str, *, lines: int, follow: bool, release: int | None, instance: str | None
) -> None:
    """Show the logs of a service.

    SERVICE is a service or a datastore, or `edge`: the proxy's own messages and the access log. Times are in UTC.
    """
    console = invocation.console
    query = LogQuery(lines, follow, release, instance)
    for line in logs(context_of(invocation), service, query, lambda: console.reader_is_gone):
        if console.json:
            console.document(line)
        else:
            console.print(f"{line.at[:23].replace('T', ' ')} {line.instance}  {line.line}")
        if console.reader_is_gone:
            return
