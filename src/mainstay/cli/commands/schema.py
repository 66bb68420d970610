"""`mainstay schema`: the manifest's JSON Schema, for editors."""

import click

from mainstay.cli.invocation import Invocation, examples, invoked
from mainstay.manifest.json_schema import json_schema


@click.command(
    "schema",
    epilog=examples(
        "mainstay schema > mainstay.schema.json",
        "then write as the first line of mainstay.yaml:",
        "# yaml-language-server: $schema=mainstay.schema.json",
    ),
)
@invoked
def command(invocation: Invocation) -> None:
    """Print the manifest's JSON Schema, for editors."""
    invocation.console.document(json_schema())
