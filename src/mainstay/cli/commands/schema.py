"""`mainstay schema`: the manifest's JSON Schema, for editors."""

import click

from mainstay.cli.invocation import Invocation, examples, invoked
from mainstay.manifest.json_schema import json_schema


@click.command(
    "schema",
    epilog=examples("mainstay schema > mainstay.schema.json"),
)
@invoked
def command(invocation: Invocation) -> None:
    """Print the manifest's JSON Schema, for editors.

    An editor uses it if the first line of mainstay.yaml is `# yaml-language-server: $schema=mainstay.schema.json`.
    """
    invocation.console.document(json_schema())
