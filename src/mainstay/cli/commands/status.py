"""`mainstay status`: report health, instances, traffic and the unfinished run."""

from collections.abc import Iterator
from datetime import datetime

import click
from msgspec.structs import replace

from mainstay.cli.console import Console, Styled, duration
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.model import Instance, Note
from mainstay.operations.request_rates import RequestRates
from mainstay.operations.status import status
from mainstay.operations.status_document import Status
from mainstay.system.clock import Clock, SystemClock
from mainstay.text.milliseconds import readable
from mainstay.text.parts import parts_of
from mainstay.text.plural import counted

_UNANSWERED = {"edge": "refused or redirected", "unready": "none was ready"}
"""What the column RELEASE shows for requests that no release answered."""


@invoked("status", "mainstay status", "mainstay status --watch", "mainstay -e production --output json status")
@click.option("--watch", is_flag=True, help="Refresh every second, until interrupted or the reader is gone.")
def command(invocation: Invocation, *, watch: bool) -> int:
    """Report health, instances and traffic; exit 1 when degraded.

    Exit 0: healthy, or stopped by `down`. The manifest is not read and nothing is started.
    """
    clock, context = SystemClock(), context_of(invocation)
    while True:
        now = status(context)
        if invocation.console.json:
            invocation.console.document(_with_options(now, invocation.console))
        else:
            if watch:
                invocation.console.clear()
            show(now, invocation.console, clock)
        if not watch or invocation.console.reader_is_gone:
            return 1 if now.health == "degraded" else 0
        clock.pause(1.0)


def _with_options(now: Status, console: Console) -> Status:
    """Return the status with the options that the user typed in every command that it suggests."""
    problems = tuple(_with_typed(problem, console) for problem in now.problems)
    notes = tuple(_with_typed(note, console) for note in now.notes)
    run = replace(now.run, next=console.command(now.run.next)) if now.run else None
    return replace(now, problems=problems, notes=notes, run=run)


def _with_typed(note: Note, console: Console) -> Note:
    return replace(note, remedy=console.command(note.remedy))


def show(now: Status, console: Console, clock: Clock) -> None:
    """Print the status; the first line is the health, with its cause."""
    _show_health(now, console, clock)
    # While the front door is lost, another program may answer at this address.
    if now.public_url and now.started and not now.edge_problem:
        console.print(f"open: {now.public_url}")
    if now.started:
        for certificate in now.certificates:
            about = f"for {certificate.title}, " if len(now.certificates) > 1 else ""
            console.print(f"certificate: {about}from {certificate.issuer}, expires {certificate.expires[:10]}")
    _show_run(now, console, clock)
    if now.services:
        console.print()
        head = ("SERVICE", "READY", "TRAFFIC", "INSTANCE", "STATE", "FOR", "MEMORY", "RESTARTS")
        console.table(head, _rows(now, clock))
    if now.requests:
        console.print()
        columns = ("LAST MINUTE", "RELEASE", "REQUESTS/S", "ERRORS", "4XX", "3XX", "LATE", "P50", "P95", "P99")
        console.table(columns, map(_rates, now.requests))
    if now.requests_not_counted:
        console.print(f"note: {counted(now.requests_not_counted, 'request')} of the last minute could not be counted")
    if now.datastores:
        console.print()
        rows = ((store.name, store.kind, store.version, store.state, store.schema or "-") for store in now.datastores)
        console.table(("DATASTORE", "KIND", "VERSION", "STATE", "SCHEMA"), rows)
    for note in now.notes:
        console.print(f"note: {note.what}")
        if note.remedy:
            console.next(note.remedy)
    console.print(f"state: {now.state}")


def _show_health(now: Status, console: Console, clock: Clock) -> None:
    name, live = f"{now.system}/{now.environment}", _live(now, clock)
    if now.health == "healthy":
        console.print(f"{name} is ", Styled("healthy", "bold green"), f": {live}")
    if now.health == "stopped":
        console.print(f"{name} is ", Styled("stopped", "bold yellow"))
        console.next("mainstay start" if now.release else "mainstay up")
    for number, problem in enumerate(now.problems):
        head = ("problem: ",) if number else (f"{name} is ", Styled("degraded", "bold red"), ": ")
        console.print(*head, Styled(problem.what, "bold red"))
        if problem.remedy:
            console.next(problem.remedy)
    if now.problems and live:
        console.print(live)


def _live(now: Status, clock: Clock) -> str:
    if not (now.release and now.started):
        return ""
    ago = duration((clock.now() - datetime.fromisoformat(now.release.since)).total_seconds())
    return f"release {now.release.number} ({now.release.version}) has been live for {ago}"


def _show_run(now: Status, console: Console, clock: Clock) -> None:
    if now.run is None:
        return
    run, step = now.run, f" at {now.run.step} {now.run.title}" if now.run.step else ""
    since = f", since {run.since[:19]}"
    if run.state == "running":
        since = f" ({duration((clock.now() - datetime.fromisoformat(run.since)).total_seconds())} so far)"
    console.print(f"run {run.id} ({run.kind}) is ", Styled(run.state, "yellow"), f"{step}{since}")
    for more in filter(None, (*parts_of(run.progress), run.why)):
        console.print(f"  {more}")


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


def _rates(rates: RequestRates) -> tuple[str, ...]:
    # A release that has not answered a request has no times.
    times = (readable(each) if each else "-" for each in (rates.p50_ms, rates.p95_ms, rates.p99_ms))
    percents = (rates.error_percent, rates.client_error_percent, rates.redirect_percent, rates.late_percent)
    service = "edge" if rates.answered_by == "edge" else rates.service
    release = _UNANSWERED.get(rates.answered_by, str(rates.release))
    return (service, release, f"{rates.requests_per_s:.3g}", *(f"{each:.3g} %" for each in percents), *times)


def _instance(instance: Instance, clock: Clock) -> tuple[str, ...]:
    age = duration((clock.now() - datetime.fromisoformat(instance.since)).total_seconds()) if instance.since else "-"
    memory = f"{instance.memory_bytes / 2**20:.0f} MiB" if instance.memory_bytes else "-"
    return (instance.id, "done" if instance.done else instance.state, age, memory, str(instance.restarts))
