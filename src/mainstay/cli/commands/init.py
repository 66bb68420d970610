"""`mainstay init`: write the smallest manifest and an application that runs."""

import os
import re
from importlib.resources import files
from pathlib import Path

from mainstay.cli.invocation import Invocation, invoked
from mainstay.errors import BadInput
from mainstay.model.environment import NAME

STARTER = {"mainstay.yaml": "mainstay.yaml", "app.py": "app.py.txt"}
"""Each file that is written, and its original in the package, where the application is text, not a Python module."""


@invoked("init", "mkdir hello && cd hello && mainstay init && mainstay up")
def command(invocation: Invocation) -> None:
    """Write a starter manifest and an application that runs.

    Both are written into the current folder, and the system is named after that folder. If one of the files already
    exists, nothing is written.
    """
    folder = Path.cwd()
    taken = [name for name in STARTER if os.path.lexists(folder / name)]
    if taken:
        what = f"{folder} contains {' and '.join(taken)} already; nothing was written"
        remedy = "mainstay validate" if "mainstay.yaml" in taken else "mainstay init in an empty folder"
        raise BadInput(what, remedy=remedy, code="already-there")
    for name, ours in STARTER.items():
        text = files("mainstay.cli").joinpath("starter", ours).read_text(encoding="utf-8")
        text = text.replace("system: hello", f"system: {system_name(folder.name)}")
        with (folder / name).open("x", encoding="utf-8") as file:
            file.write(text)
    if invocation.console.json:
        invocation.console.document({"written": [str(folder / name) for name in STARTER]})
        return
    invocation.console.print(f"wrote {' and '.join(STARTER)}")
    invocation.console.next("mainstay up")


def system_name(folder: str) -> str:
    """Return *folder* converted to a valid name: `My Shop.2` becomes `my-shop-2`; `app` if no valid name is left."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.lower()).lstrip("-0123456789")[:63].rstrip("-")
    return name if NAME.fullmatch(name) else "app"
