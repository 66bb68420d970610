"""`mainstay status`: what runs, who serves, where a run stands."""

from collections.abc import Iterator
from datetime import datetime

import click

from mainstay.cli.console import Console, harmless, spoken, styled, table
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.clock import Clock, SystemClock
from mainstay.operations.status import Status, status
from mainstay.release import Instance


@click.command(
    "status",
    epilog="""\b
Examples:
  mainstay status
  mainstay status --watch
  mainstay -e production --output json status""",
)
@click.option("--watch", is_flag=True, help="Tell again every second, until interrupted.")
@invoked
def command(invocation: Invocation, *, watch: bool) -> int:
    """Tell what runs and what serves; exit 1 when unwell.

    The manifest is not read and nothing is woken.
    """
    clock = SystemClock()
    while True:
        now = status(context_of(invocation))
        if invocation.console.json:
            invocation.console.document(now)
        else:
            if watch:
                invocation.console.clear()
            for line in text(now, invocation.console, clock):
                invocation.console.say(line)
        if not watch:
            return 0 if now.well else 1
        clock.pause(1.0)


def text(now: Status, console: Console, clock: Clock) -> Iterator[str]:
    """The status as people read it."""
    word = styled("well", fg="green", bold=True) if now.well else styled("unwell", fg="red", bold=True)
    serves = "nothing was released yet"
    if now.release:
        ago = spoken((clock.now() - datetime.fromisoformat(now.release.since)).total_seconds())
        serves = f"release {now.release.number} ({now.release.version}) has served for {ago}"
    yield f"{now.system}/{now.environment} is {word}: {serves if now.awake else 'asleep'}"
    if now.url and now.awake:
        yield f"open: {now.url}"
    if not now.awake:
        yield f" next: {console.command('mainstay up')}"
    yield from _run(now, console)
    if now.services:
        yield ""
        head = ("SERVICE", "READY", "TRAFFIC", "INSTANCE", "STATE", "FOR", "MEMORY", "RESTARTS")
        yield from table(head, _rows(now, clock))
    if now.datastores:
        yield ""
        rows = ((store.name, store.kind, store.version, store.state, store.schema or "-") for store in now.datastores)
        yield from table(("DATASTORE", "KIND", "VERSION", "STATE", "SCHEMA"), rows)
    yield from _notes(now)


def _run(now: Status, console: Console) -> Iterator[str]:
    if now.run is None:
        return
    step = f" at {now.run.step} {harmless(now.run.title)}" if now.run.step else ""
    yield f"run {now.run.id} ({now.run.kind}) is {styled(now.run.state, fg='yellow')}{step}, since {now.run.since[:19]}"
    if now.run.why:
        yield f"  {harmless(now.run.why)}"
    if now.run.next:
        yield f" next: {console.command(now.run.next)}"


def _rows(now: Status, clock: Clock) -> Iterator[tuple[str, ...]]:
    for service in now.services:
        shares = sorted(service.traffic.items(), reverse=True)
        first = (
            service.name,
            f"{service.ready}/{service.desired}",
            ", ".join(f"{release}: {percent:g} %" for release, percent in shares) or "-",
        )
        if not service.instances:
            yield (*first, "-", "-", "-", "-", "-")
        for instance in service.instances:
            yield (*first, *_instance(instance, clock))
            first = ("", "", "")


def _instance(instance: Instance, clock: Clock) -> tuple[str, ...]:
    age = spoken((clock.now() - datetime.fromisoformat(instance.since)).total_seconds()) if instance.since else "-"
    memory = f"{instance.memory_bytes / 2**20:.0f} MiB" if instance.memory_bytes else "-"
    return (instance.id, instance.state, age, memory, str(instance.restarts))


def _notes(now: Status) -> Iterator[str]:
    for service in now.services:
        for instance in service.instances:
            if instance.last_exit and instance.state != "ready":
                how = instance.last_exit.signal or f"code {instance.last_exit.code}"
                why = f": {instance.last_exit.reason}" if instance.last_exit.reason else ""
                yield f"note: {instance.id} ended with {how}{harmless(why)}"
            if instance.listens_elsewhere:
                yield f"note: {instance.id} listens on {instance.listens_elsewhere}, not where it was told"
    if now.returned:
        yield "note: traffic went back by itself, because the run that watched was not heard"
    if now.unlimited:
        yield "note: this machine lets us limit no processors: resources.cpus is without effect"
    if now.awake and not now.guarded:
        yield "note: nothing guards this environment now; the next command that acts starts its supervisor"
    elif now.awake and not now.guarded_by:
        yield "note: nothing starts the supervisor again after a reboot"
    yield f"state: {now.state}"
