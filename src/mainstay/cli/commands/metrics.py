"""`mainstay metrics`: print counters of requests, errors and response times for Prometheus."""

from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.operations.metrics import exposition, metrics


@invoked("metrics", "mainstay metrics", "mainstay -e production metrics > /var/lib/node_exporter/mainstay.prom")
def command(invocation: Invocation) -> None:
    """Print counters of requests, errors and times, for Prometheus.

    They are counted at the edge per service, release and instance, from the start of the supervisor on. Nothing is
    fetched from a service.
    """
    console, found = invocation.console, metrics(context_of(invocation))
    if console.json:
        console.document(found)
        return
    for line in exposition(found):
        console.print(line)
