"""`mainstay edge`: inspect the edge."""

import click
from msgspec.structs import replace

from mainstay.cli.console import Styled
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.operations.edge_listens import edge_listens
from mainstay.operations.edge_trust import edge_trust


@click.group("edge")
def command() -> None:
    """Show where the environment listens, and how clients trust its certificate."""


@invoked("listens", "mainstay edge listens", "mainstay -e production --output json edge listens", group=command)
def listens(invocation: Invocation) -> None:
    """Show every address at which the environment accepts connections, and from where each can be reached.

    The addresses are read from the kernel, so those that a service opened on its own are included. `other machines`
    follows from the address alone: a firewall may block them. UDP sockets at the ports that the kernel assigns to
    clients are left out.
    """
    console, found = invocation.console, edge_listens(context_of(invocation))
    if console.json:
        console.document(replace(found, remedy=console.command(found.remedy)))
        return
    if not found.endpoints:
        console.print("no process of the environment listens")
        return
    rows = ((e.address, e.protocol, e.reach, e.title + ("" if e.declared else ", undeclared")) for e in found.endpoints)
    console.table(("ADDRESS", "PROTOCOL", "REACHED FROM", "WHAT"), rows)
    if found.problem:
        console.print()
        console.print(Styled("exposed:", "red"), f" {found.problem}")
        console.next(found.remedy)


@invoked("trust", "mainstay edge trust", "mainstay -e production --output json edge trust", group=command)
def trust(invocation: Invocation) -> None:
    """Show how clients trust the certificate of an environment with `tls: {mode: internal}`.

    Nothing is changed on this machine. Copy the certificate's file to a client, compare the fingerprint, and run the
    `trust` command for that kind of client there; the `remove` command undoes it. The key of the authority stays in the
    environment's folder of keys: with this key, an attacker could impersonate any site to clients that trust the
    authority.
    """
    console, found = invocation.console, edge_trust(context_of(invocation))
    if console.json:
        console.document(found)
        return
    console.print(f"authority of {found.url}: {found.certificate}")
    console.print(f"SHA-256 {found.sha256}")
    for each in found.commands:
        console.print()
        console.print(Styled(each.client, "bold"))
        console.print(f"  trust:  {each.trust}")
        console.print(f"  remove: {each.remove}")
