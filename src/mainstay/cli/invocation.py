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


def invoked(command: Callable[Concatenate[Invocation, P], T]) -> Callable[P, T]:
    """Decorate a command so that it receives the invocation as its first argument."""

    @wraps(command)
    def call(*arguments: P.args, **named: P.kwargs) -> T:
        context = click.get_current_context()
        meta = context.meta
        console = context.find_object(Console) or Console(meta.get("output", "text"))
        return command(
            Invocation(meta.get("file"), meta.get("environment"), meta.get("state"), console), *arguments, **named
        )

    return call


def examples(*typed: str) -> str:
    """Return the end of a command's help: what a user may type."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in typed)])
