"""`mainstay metrics`: print counters of requests, errors and response times for Prometheus."""

from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.operations.metrics import exposition, metrics


@invoked("metrics", "mainstay metrics", "mainstay -e production metrics > /var/lib/node_exporter/mainstay.prom")
def command(invocation: Invocation) -> None:
    """Print counters of requests, errors and times, for Prometheus.

    The edge counts them per service, release and instance, since the supervisor started. Nothing is fetched from a
    service.
    """
    console, found = invocation.console, metrics(context_of(invocation))
    if console.json:
        console.document(found)
        return
    for line in exposition(found):
        console.print(line)
