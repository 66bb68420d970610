"""Shared by `set` and `unset`: printing changes, and the command that makes them take effect."""

from collections.abc import Sequence

import click

from mainstay.cli.console import Console
from mainstay.operations.context import Context
from mainstay.operations.set import SettingChange, rolled_back
from mainstay.text.printable import harmless

changes_only = click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")


def show(console: Console, context: Context, changes: Sequence[SettingChange], *, dry_run: bool) -> None:
    """Print *changes*, then the command to type next."""
    command = console.command(next_command(context))
    if console.json:
        console.document({"changes": changes, "dry_run": dry_run, "next": command if changes else ""})
        return
    for change in changes:
        console.say(harmless(f"{change.name}: {_shown(change.before)} → {_shown(change.after)}"))
    if not changes:
        console.say("nothing to change: these values are already stored")
    elif dry_run:
        console.say("dry run: nothing was changed")
    else:
        if (number := rolled_back(context)) is not None:
            console.say(
                f"note: release {number} was rolled back; deploying ships its code again unless the source has changed"
            )
        console.say(f" next: {command}  (takes effect then)")


def next_command(context: Context) -> str:
    """Return the command that makes stored values take effect."""
    return "mainstay deploy" if context.kept_or_none() else "mainstay up"


def _shown(value: str | None) -> str:
    return "not set" if value is None else repr(value)
