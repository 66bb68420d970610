"""`mainstay config`: the variables that a service gets."""

import click

from mainstay.cli.console import Console
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.settings import next_command
from mainstay.operations.config import Configuration, ServiceVariable, config
from mainstay.operations.context import Context

MASKED = "••••••••"


@invoked("config", "mainstay config web", "mainstay -e production --output json config web")
@click.argument("service")
def command(invocation: Invocation, *, service: str) -> None:
    """Show the variables that a service gets, with the source of each.

    These are the values of the next deploy; a note names those that differ in the live release. Secrets, and addresses
    that contain a password, are masked.
    """
    context = context_of(invocation)
    found = config(context, service)
    if invocation.console.json:
        invocation.console.document(found)
    else:
        _show(invocation.console, context, found)


def _show(console: Console, context: Context, found: Configuration) -> None:
    rows = ((each.name, _value(each), _source(each)) for each in found.variables)
    console.table(("NAME", "VALUE", "FROM"), rows)
    if found.release is not None and found.live_version != found.version:
        console.print(
            f"note: these are the values of the next deploy, of version {found.version}; live is release "
            f"{found.release} ({found.live_version})"
        )
    waiting = [each.name for each in found.variables if not each.live]
    if found.release is not None and waiting:
        console.print(f"note: {', '.join(waiting)}: release {found.release} has another value until the next deploy")
        console.next(next_command(context))


def _value(each: ServiceVariable) -> str:
    if each.secret:
        return "-" if each.source == "secret" and not each.version else MASKED
    if each.value is None:
        return "(set when the instance starts)" if each.source else "-"
    return each.value


def _source(each: ServiceVariable) -> str:
    match each.source:
        case "set":
            return f"set by {each.set_by}, {(each.set_at or '')[:16].replace('T', ' ')}"
        case "secret":
            return f"secret v{each.version}" if each.version else "secret, no value yet"
        case "":
            return "required, missing" if each.required else "not set"
    return each.source
