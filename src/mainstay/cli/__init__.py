"""The command line: one file per command, each loaded when it is typed."""

from mainstay.cli.main import main

__all__ = ["main"]
