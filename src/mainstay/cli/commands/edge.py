"""`mainstay edge`: inspect the edge."""

import click

from mainstay.cli.console import Styled
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.operations.edge_trust import edge_trust


@click.group("edge")
def command() -> None:
    """Show how clients trust the front door's certificate."""


@invoked("trust", "mainstay edge trust", "mainstay -e production --output json edge trust", group=command)
def trust(invocation: Invocation) -> None:
    """Show how clients trust the certificate of an environment with `tls: {mode: internal}`.

    Nothing is changed on this machine. Copy the file to a client, compare the fingerprint, and type what fits the
    client; `remove` undoes it. The key of the authority stays in the environment's folder of keys: with it, any
    site could be imitated towards clients that trust the authority.
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
