"""The options that every command accepts before or after its name, and the object that holds their values."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click
from click.core import ParameterSource

from mainstay.cli.console import Console

P = ParamSpec("P")
T = TypeVar("T")
REPEATED = {"file": "-f", "environment": "-e", "state": "--state"}
"""The options that select the environment, by parameter name. Every command that Mainstay suggests repeats them."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """The values of the shared options in one call of the program, and the console that prints its output."""

    file: Path | None
    environment: str | None
    state: Path | None
    console: Console

    @property
    def manifest(self) -> Path:
        """The manifest's path; the file may not exist. Parent folders are not searched, so no other system is found."""
        return self.file or Path("mainstay.yaml")


def invoked(
    name: str, *examples: str, group: click.Group | None = None
) -> Callable[[Callable[Concatenate[Invocation, P], T]], click.Command]:
    """Return a decorator that turns a function, called with the invocation, into the command *name*.

    The command's help shows *examples*. If there is a *group*, the command becomes one of its commands.
    """

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


class ReleaseNumber(click.IntRange):
    """The type of arguments and options that are the number of a release: 1 or more."""

    name = "release number"

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and not value.isdecimal():
            self.fail(f"{value!r} is not a release number", param, ctx)
        return super().convert(value, param, ctx)


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value is None or parameter.name is None:
        return
    context.meta[parameter.name] = value
    console = context.find_object(Console)
    # A value from an environment variable also applies to the next command in the same shell, so it is not repeated.
    typed = context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    if console is not None and typed and parameter.name in REPEATED:
        console.repeat(REPEATED[parameter.name], str(value))


_SHARED: tuple[tuple[tuple[str, ...], click.ParamType[Any] | None, str, str], ...] = (
    (("-f", "--file"), click.Path(path_type=Path), "FILE", "The manifest; by default mainstay.yaml in this folder."),
    (
        ("-e", "--environment"),
        None,
        "NAME",
        "The environment; by default local, unless the manifest declares only others.",
    ),
    (
        ("--state",),
        click.Path(path_type=Path, file_okay=False),
        "DIR",
        "The folder that contains the environment's state.",
    ),
    (("--output",), click.Choice(["text", "json"]), "text|json", "Text for people, or JSON for programs."),
)


def options(taken: frozenset[str] = frozenset(), *, hidden: bool = False) -> list[click.Parameter]:
    """Return the options of every command, without the names in *taken*, which the command uses for its own options.

    *hidden*: omit them from the help, and do not read `MAINSTAY_STATE`.
    """
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
        for names, kind, metavar, help_text in _SHARED
    ]
