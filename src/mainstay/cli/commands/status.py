"""`mainstay status`: report health, instances, traffic and the unfinished run."""

from collections.abc import Iterator
from datetime import datetime

import click
from msgspec.structs import replace

from mainstay.cli.console import Console, spoken, styled, table
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.model import Instance
from mainstay.operations.status import Status, status
from mainstay.system.clock import Clock, SystemClock
from mainstay.text.printable import harmless


@click.command(
    "status",
    epilog="""\b
Examples:
  mainstay status
  mainstay status --watch
  mainstay -e production --output json status""",
)
@click.option("--watch", is_flag=True, help="Refresh every second, until interrupted or the reader is gone.")
@invoked
def command(invocation: Invocation, *, watch: bool) -> int:
    """Report health, instances and traffic; exit 1 when degraded.

    Exit 0: healthy, or stopped by `down`. The manifest is not read and nothing is started.
    """
    clock = SystemClock()
    while True:
        now = status(context_of(invocation))
        if invocation.console.json:
            invocation.console.document(_with_options(now, invocation.console))
        else:
            if watch:
                invocation.console.clear()
            for line in text(now, invocation.console, clock):
                invocation.console.say(line)
        if not watch or invocation.console.reader_is_gone:
            return 1 if now.health == "degraded" else 0
        clock.pause(1.0)


def _with_options(now: Status, console: Console) -> Status:
    """Return the status with the options that the user typed in every command that it suggests."""
    problems = tuple(replace(problem, remedy=console.command(problem.remedy)) for problem in now.problems)
    run = replace(now.run, next=console.command(now.run.next)) if now.run else None
    return replace(now, problems=problems, run=run)


def text(now: Status, console: Console, clock: Clock) -> Iterator[str]:
    """Yield the lines of the status; the first line is the health, with its cause."""
    yield from _health(now, console, clock)
    # While the front door is lost, another program may answer at this address.
    if now.url and now.started and not now.edge_trouble:
        yield f"open: {now.url}"
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


def _health(now: Status, console: Console, clock: Clock) -> Iterator[str]:
    name, live = f"{now.system}/{now.environment}", _live(now, clock)
    if now.health == "healthy":
        yield f"{name} is {styled('healthy', fg='green', bold=True)}: {live}"
    if now.health == "stopped":
        yield f"{name} is {styled('stopped', fg='yellow', bold=True)}"
        yield f" next: {console.command('mainstay start' if now.release else 'mainstay up')}"
    for number, problem in enumerate(now.problems):
        cause = styled(harmless(problem.what), fg="red", bold=True)
        yield f"problem: {cause}" if number else f"{name} is {styled('degraded', fg='red', bold=True)}: {cause}"
        if problem.remedy:
            yield f" next: {console.command(problem.remedy)}"
    if now.problems and live:
        yield live


def _live(now: Status, clock: Clock) -> str:
    if not (now.release and now.started):
        return ""
    ago = spoken((clock.now() - datetime.fromisoformat(now.release.since)).total_seconds())
    return f"release {now.release.number} ({now.release.version}) has been live for {ago}"


def _run(now: Status, console: Console) -> Iterator[str]:
    if now.run is None:
        return
    step = f" at {now.run.step} {harmless(now.run.title)}" if now.run.step else ""
    yield f"run {now.run.id} ({now.run.kind}) is {styled(now.run.state, fg='yellow')}{step}, since {now.run.since[:19]}"
    if now.run.why:
        yield f"  {harmless(now.run.why)}"


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
    return (instance.id, "done" if instance.done else instance.state, age, memory, str(instance.restarts))


def _notes(now: Status) -> Iterator[str]:
    for service in now.services:
        for instance in service.instances:
            if instance.last_exit and not instance.healthy:
                last = f"; its last line: {instance.tail[-1]}" if instance.tail else ""
                yield f"note: {instance.id} ended: {harmless(instance.last_exit.how + last)}"
            if instance.probe:
                yield f"note: {instance.id} is {instance.state}: {harmless(instance.probe)}"
            if instance.misplaced:
                yield f"note: {instance.id} {instance.misplaced}"
    if now.unlimited:
        yield (
            "note: CPU limits cannot be enforced on this machine (no writable cpu cgroup); resources.cpus is ignored"
        )
    if now.started and now.guarded and not now.guarded_by:
        yield "note: nothing starts the supervisor after a reboot"
    yield f"state: {now.state}"
