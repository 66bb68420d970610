"""`mainstay schema`: print the manifest's JSON Schema, for editors."""

from mainstay.cli.invocation import Invocation, invoked
from mainstay.manifest.json_schema import json_schema


@invoked("schema", "mainstay schema > mainstay.schema.json")
def command(invocation: Invocation) -> None:
    """Print the manifest's JSON Schema, for editors.

    An editor uses it if the first line of mainstay.yaml is `# yaml-language-server: $schema=mainstay.schema.json`.
    """
    invocation.console.document(json_schema())
