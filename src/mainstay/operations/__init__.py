"""The operations behind the commands: one module per command."""
