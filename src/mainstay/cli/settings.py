"""The options and the output that `set`, `unset` and `secrets set` share."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from mainstay.cli.console import Console
from mainstay.operations.context import Context

F = TypeVar("F", bound=Callable[..., Any])

dry_run = click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")


def reads_file(option: str, content: str) -> Callable[[F], F]:
    """Return a decorator that adds `--dry-run` and *option*, which reads *content* from a file, to a command."""
    path = click.Path(path_type=Path, dir_okay=False)
    source = click.option(option, "source", type=path, metavar="FILE", help=f"Read {content} from a file.")
    return lambda command: source(dry_run(command))


def report(
    console: Console,
    context: Context,
    changes: object,
    lines: Iterable[str],
    *,
    changed: bool,
    dry_run: bool,
    note: str = "",
) -> None:
    """Print *changes* as JSON or as *lines*, and the command that applies them.

    *changed*: whether any value changes. *note* is printed below *lines* if the changes were stored.
    """
    command = next_command(context) if changed else ""
    if console.json:
        console.document({"changes": changes, "dry_run": dry_run, "next": console.command(command)})
        return
    for line in lines:
        console.print(line)
    if dry_run:
        console.print("dry run: nothing was changed")
    elif changed:
        if note:
            console.print(f"note: {note}")
        console.next(command, "to apply it")


def next_command(context: Context) -> str:
    """Return the command that makes stored values take effect."""
    return "mainstay deploy" if context.stored_or_none() else "mainstay up"
