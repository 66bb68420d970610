"""`mainstay init`: the smallest manifest and an application that runs."""

from importlib.resources import files
from pathlib import Path

import click

from mainstay.cli.invocation import Invocation, invoked
from mainstay.errors import BadInput

STARTER = {"mainstay.yaml": "mainstay.yaml", "app.py": "app.py.txt"}
"""What is written, and from which of our files: a stranger's program is text to us, not a module."""


@click.command(
    "init",
    epilog="""\b
Examples:
  mkdir hello && cd hello && mainstay init && mainstay up""",
)
@invoked
def command(invocation: Invocation) -> None:
    """Write a starter manifest and an application that runs.

    Both go into this folder; what is there already is never overwritten.
    """
    folder = Path.cwd()
    taken = [name for name in STARTER if (folder / name).exists()]
    if taken:
        raise BadInput(f"{' and '.join(taken)} already in {folder}", remedy="mainstay validate", code="already-there")
    for name, ours in STARTER.items():
        text = files("mainstay.cli").joinpath("starter", ours).read_text(encoding="utf-8")
        with (folder / name).open("x", encoding="utf-8") as file:
            file.write(text)
    if invocation.console.json:
        invocation.console.document({"written": [str(folder / name) for name in STARTER]})
        return
    invocation.console.say(f"wrote {' and '.join(STARTER)}")
    invocation.console.say(f" next: {invocation.console.command('mainstay up')}")
