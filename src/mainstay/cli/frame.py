"""The frame around every command: options, help without loading anything, errors that become exit codes."""

import gc
import importlib
import os
import sys
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType

import click

from mainstay import __version__
from mainstay.cli import streams
from mainstay.cli.catalogue import COMMANDS
from mainstay.cli.console import Console
from mainstay.cli.options import options
from mainstay.errors import BadInput, Interrupted, MainstayError

UNEXPECTED = 70


class Catalogue(click.Group):
    """Knows its commands by name and loads one when it is typed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name].module).command
        _adopt(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.exceptions.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for topic in dict.fromkeys(entry.topic for entry in COMMANDS.values()):
            with formatter.section(topic):
                formatter.write_dl([(name, entry.does) for name, entry in COMMANDS.items() if entry.topic == topic])


def _adopt(command: click.Command) -> None:
    """Let the options of every command also be typed after it."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _adopt(inner)
    if any(parameter.name == "output" for parameter in command.params):
        return
    taken = frozenset(name for parameter in command.params for name in parameter.opts)
    command.params += options(taken, hidden=True)


@click.command(
    cls=Catalogue,
    params=options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin in an empty folder: mainstay init, then mainstay up.",
)
@click.version_option(__version__, message="mainstay %(version)s")
def mainstay() -> None:
    """One file declares a production system. Mainstay checks it, ships it, watches it and brings it back."""


class LastResort:
    """What nobody expected: told in a file, without a traceback on the terminal; the run stays resumable."""

    def __init__(self, said: Console) -> None:
        self._said = said

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or error is None or not issubclass(kind, Exception):
            return
        import tempfile
        import traceback

        descriptor, name = tempfile.mkstemp(prefix="mainstay-", suffix=".txt")
        with os.fdopen(descriptor, "w") as file:
            file.writelines(traceback.format_exception(kind, error, trace))
        what = f"something unexpected happened ({kind.__name__}); details are in {name}"
        self._said.error(MainstayError(what, remedy="mainstay resume", code="unexpected"))
        sys.exit(UNEXPECTED)


def run(arguments: Sequence[str], said: Console) -> int:
    """Carry out what was typed; the exit code."""
    try:
        code = mainstay.main(list(arguments), prog_name="mainstay", standalone_mode=False, obj=said)
    except MainstayError as error:
        said.error(error)
        return error.exit_code
    except click.UsageError as misuse:
        return _misused(misuse, said)
    except click.ClickException as refused:
        said.error(BadInput(refused.format_message()))
        return BadInput.exit_code
    except (click.Abort, KeyboardInterrupt):
        return Interrupted("interrupted").exit_code
    return code if isinstance(code, int) else 0


def _misused(misuse: click.UsageError, said: Console) -> int:
    if isinstance(misuse, click.exceptions.NoArgsIsHelpError):
        said.tell(misuse.format_message())
        return BadInput.exit_code
    words = misuse.ctx.command_path.split()[1:] if misuse.ctx else []
    said.error(BadInput(misuse.format_message(), remedy=" ".join(["mainstay", *words, "--help"]), code="misused"))
    return BadInput.exit_code


def main() -> None:
    """The program."""
    # Most of what a command makes lives as long as the command: looking for garbage costs a third of its start.
    # So much is not even made for a manifest of 500 services.
    gc.set_threshold(200_000)
    streams.make_safe()
    arguments = sys.argv[1:]
    said = Console("json" if _wants_json(arguments) else "text", typed=_typed(arguments))
    with LastResort(said):
        code = run(arguments, said)
    _leave(code)


def _leave(code: int) -> None:
    """End the process. Steps left behind in their threads are not waited for, and must not run into its end."""
    if threading.active_count() == 1:
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _wants_json(arguments: Sequence[str]) -> bool:
    pairs = pairwise(arguments)
    return "--output=json" in arguments or ("--output", "json") in pairs


def _typed(arguments: Sequence[str]) -> tuple[str, ...]:
    """The program and the options that say which environment is meant, as they were typed."""
    program = sys.argv[0] if "/" in sys.argv[0] and not _on_path(sys.argv[0]) else "mainstay"
    kept: list[str] = []
    for position, word in enumerate(arguments):
        if word in ("-f", "--file", "-e", "--environment", "--state") and position + 1 < len(arguments):
            kept += [word, arguments[position + 1]]
        elif word == "logs":
            break  # its own -f follows
    return (program, *kept)


def _on_path(program: str) -> bool:
    folders = os.environ.get("PATH", "").split(os.pathsep)
    return str(Path(program).parent) in folders
