"""The command line interface. `commands` has one module per command, imported only when that command is run."""

from mainstay.cli.main import main
