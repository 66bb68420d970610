"""Options that may be typed before or after the command: manifest, environment, state and output."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import click

from mainstay.cli.console import Console

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of the program."""

    file: Path | None
    environment: str | None
    state: Path | None
    console: Console

    @property
    def manifest(self) -> Path:
        """The manifest's path; the file may not exist. Parent folders are not searched, to avoid a wrong system."""
        return self.file or Path("mainstay.yaml")


def invoked(
    name: str, *examples: str, group: click.Group | None = None
) -> Callable[[Callable[Concatenate[Invocation, P], T]], click.Command]:
    """Turn a function that receives the invocation into the command *name* of *group*, with *examples* in its help."""

    def decorate(function: Callable[Concatenate[Invocation, P], T]) -> click.Command:
        @wraps(function)
        def call(*arguments: P.args, **named: P.kwargs) -> T:
            context = click.get_current_context()
            meta = context.meta
            console = context.find_object(Console) or Console(meta.get("output", "text"))
            invocation = Invocation(meta.get("file"), meta.get("environment"), meta.get("state"), console)
            return function(invocation, *arguments, **named)

        epilog = "\n".join(["\b", "Examples:", *(f"  {line}" for line in examples)])
        command = click.command(name, epilog=epilog)(call)
        if group is not None:
            group.add_command(command)
        return command

    return decorate
