"""`mainstay config`: show the variables that a service gets."""

import click

from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.settings import next_command
from mainstay.operations.config import ServiceVariable, config

MASKED = "••••••••"


@invoked("config", "mainstay config web", "mainstay -e production --output json config web")
@click.argument("service")
def command(invocation: Invocation, *, service: str) -> None:
    """Show the variables that a service gets, with the source of each.

    These are the values of the next deploy; a note names those that differ in the live release. Secrets, and addresses
    that contain a password, are masked.
    """
    context, console = context_of(invocation), invocation.console
    found = config(context, service)
    if console.json:
        console.document(found)
        return
    console.table(("NAME", "VALUE", "FROM"), ((each.name, _value(each), _source(each)) for each in found.variables))
    if found.release is None:
        return
    if found.live_version != found.version:
        live = f"release {found.release} ({found.live_version})"
        console.print(f"note: these are the values of the next deploy, of version {found.version}; live is {live}")
    if waiting := [each.name for each in found.variables if not each.live]:
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
