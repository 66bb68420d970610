"""Options shared by every command: manifest, environment, state and output."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from mainstay.cli.console import Console

REPEATED = {"file": "-f", "environment": "-e", "state": "--state"}
"""The options that select the environment. Every command that Mainstay suggests repeats them."""


class ReleaseNumber(click.IntRange):
    """The number of a release: 1 or more."""

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
    """Return the options of every command, without the names in *taken*, which the command uses for its own options."""
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
