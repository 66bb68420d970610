"""`mainstay maintenance`: take the system out of service, or put it back."""

import ipaddress

import click

from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.errors import BadInput
from mainstay.operations.maintenance import maintenance, maintenance_off, maintenance_on
from mainstay.system.clock import SystemClock

LONGEST_MESSAGE = 500


@click.group("maintenance")
def command() -> None:
    """Take the system out of service, or put it back."""


@invoked(
    "on",
    "mainstay maintenance on",
    "mainstay -e production maintenance on --message 'Back at 15:00 UTC.' --allow 192.0.2.0/24",
    group=command,
)
@click.option("--message", default="", metavar="TEXT", help="The text of the page, at most 500 characters.")
@click.option("--allow", multiple=True, metavar="CIDR", help="A network whose clients pass as usual; repeatable.")
def on(invocation: Invocation, *, message: str, allow: tuple[str, ...]) -> None:
    """Answer 503 with Retry-After at the front doors, until `maintenance off`.

    Health paths still answer. Deploys, restarts and reboots do not end maintenance. The services keep running, and
    their calls to each other pass. If maintenance is on already, the message and the networks are replaced, and
    the start time is kept.
    """
    text = " ".join(message.split())
    if len(text) > LONGEST_MESSAGE or not text.isprintable():
        what = f"the message has {len(text)} characters or contains one that cannot be shown"
        raise BadInput(what, remedy=f"write at most {LONGEST_MESSAGE} characters of text", code="bad-message")
    networks = tuple(dict.fromkeys(map(_network, allow)))
    found, already, hidden = maintenance_on(context_of(invocation), SystemClock(), message=text, allow=networks)
    if invocation.console.json:
        invocation.console.document({"maintenance": found, "message_hidden": hidden})
        return
    since = f"already on since {found.since}" if already else "on"
    passing = f", except to clients in {', '.join(networks)}" if networks else ""
    invocation.console.print(f"maintenance is {since}: the front doors answer 503{passing}")
    if hidden:
        invocation.console.print("note: the message is not shown, because people see the page of `edge.errors.503`")
    invocation.console.next("mainstay maintenance off")


@invoked("off", "mainstay maintenance off", "mainstay -e production maintenance off", group=command)
def off(invocation: Invocation) -> None:
    """Turn maintenance off, so that all clients are served again."""
    before = maintenance_off(context_of(invocation), SystemClock())
    if invocation.console.json:
        invocation.console.document({"maintenance": None, "before": before})
        return
    since = f"; it was on since {before.since}" if before else " already"
    invocation.console.print(f"maintenance is off{since}")


@invoked("status", "mainstay maintenance status", "mainstay --output json maintenance status", group=command)
def status(invocation: Invocation) -> None:
    """Show whether maintenance is on, since when, who turned it on, its message, and the networks that pass."""
    found = maintenance(context_of(invocation))
    if invocation.console.json:
        invocation.console.document({"maintenance": found})
        return
    text = f"on since {found.since}, by {found.by}" if found else "off"
    invocation.console.print(f"maintenance is {text}")
    if found and found.message:
        invocation.console.print(f"message: {found.message}")
    if found and found.allow:
        invocation.console.print(f"clients that pass: {', '.join(found.allow)}")


def _network(written: str) -> str:
    try:
        return str(ipaddress.ip_network(written))
    except ValueError:
        what = f"{written!r} is neither an address nor a network"
        raise BadInput(what, remedy="write it like 192.0.2.7 or 192.0.2.0/24", code="bad-network") from None
