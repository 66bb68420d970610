"""What was typed before, or after, the command: which file, which environment, which state, which output."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from mainstay.cli.console import Console
from mainstay.operations.context import Context, open_context

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
        """The file that is meant, whether it is there or not. Parents are not searched: no system by surprise."""
        return self.file or Path("mainstay.yaml")

    def context(self) -> Context:
        """The environment that is meant."""
        return open_context(self.file, self.environment, self.state)


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value is not None and parameter.name:
        context.meta[parameter.name] = value


def options(taken: frozenset[str] = frozenset(), *, hidden: bool = False) -> list[click.Parameter]:
    """The options of every command, less the names that a command has taken for its own."""
    declared: list[tuple[list[str], click.ParamType[Any] | None, str, str]] = [
        (
            ["-f", "--file"],
            click.Path(path_type=Path),
            "FILE",
            "The manifest; mainstay.yaml of this folder by default.",
        ),
        (["-e", "--environment"], None, "NAME", "The environment; local by default, where the manifest allows it."),
        (["--state"], click.Path(path_type=Path, file_okay=False), "DIR", "Where the environment keeps its state."),
        (["--output"], click.Choice(["text", "json"]), "text|json", "For people, or for programs."),
    ]
    return [
        click.Option(
            [*(name for name in names if name not in taken), names[-1].strip("-")],
            type=kind,
            metavar=metavar,
            help=help_text,
            expose_value=False,
            callback=_remember,
            hidden=hidden,
            envvar="MAINSTAY_STATE" if "--state" in names and not hidden else None,
        )
        for names, kind, metavar, help_text in declared
    ]


def invoked(command: Callable[Concatenate[Invocation, P], T]) -> Callable[P, T]:
    """Gives a command the invocation as its first argument."""

    @wraps(command)
    def call(*arguments: P.args, **named: P.kwargs) -> T:
        context = click.get_current_context()
        meta = context.meta
        console = context.find_object(Console) or Console(meta.get("output", "text"))
        return command(
            Invocation(meta.get("file"), meta.get("environment"), meta.get("state"), console), *arguments, **named
        )

    return call
