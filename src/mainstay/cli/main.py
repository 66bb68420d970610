"""The program's entry point: shared options, help that imports no command, and the exit codes of errors."""

import gc
import importlib
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType

import click

from mainstay import __version__
from mainstay.cli import safe_streams
from mainstay.cli.command_table import COMMANDS, NAMES_IN_OTHER_TOOLS, NOT_YET, SHIP
from mainstay.cli.console import Console
from mainstay.cli.invocation import options
from mainstay.errors import BadInput, Interrupted, MainstayError
from mainstay.system.disk_space import FULL, NoRoom, words

UNEXPECTED = 70
NEAR = 0.75
"""The minimum similarity (0 to 1) of an option suggested for a mistyped one: `--file` for `--force` (0.62) is wrong."""


class LazyGroup(click.Group):
    """A group of commands that imports a command only when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"mainstay.cli.commands.{cmd_name}").command
        _accept_shared_options(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise _unknown(args[0], ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for topic in dict.fromkeys(entry.topic for entry in COMMANDS.values()):
            with formatter.section(topic):
                formatter.write_dl([(name, entry.does) for name, entry in COMMANDS.items() if entry.topic == topic])


def _unknown(name: str, ctx: click.Context) -> click.UsageError:
    if name in NOT_YET.split():
        return click.UsageError(f"'{name}' is not available in version {__version__}", ctx)
    if name in NAMES_IN_OTHER_TOOLS:
        return click.UsageError(f"No such command '{name}'. In Mainstay: '{NAMES_IN_OTHER_TOOLS[name]}'", ctx)
    return click.exceptions.NoSuchCommand(name, possibilities=COMMANDS, ctx=ctx)


def _accept_shared_options(command: click.Command) -> None:
    """Accept the shared options after the command too."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _accept_shared_options(inner)
    if any(parameter.name == "output" for parameter in command.params):
        return
    taken = frozenset(name for parameter in command.params for name in parameter.opts)
    command.params += options(taken, hidden=True)


@click.command(
    cls=LazyGroup,
    params=options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="To begin, type in an empty folder: mainstay init, then mainstay up.",
)
@click.version_option(__version__, message="mainstay %(version)s")
def mainstay() -> None:
    """Deploy services and their database from one file, restart what crashes, and roll back what fails."""


@dataclass
class CrashReport(AbstractContextManager["CrashReport", None]):
    """Writes the traceback of an unexpected error to a file, prints the file's name and exits with 70."""

    console: Console
    arguments: Sequence[str]

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
        # A command that ships may leave a run unfinished.
        ships = any(word in COMMANDS and COMMANDS[word].topic == SHIP for word in self.arguments)
        remedy = "mainstay resume" if ships else f"report this bug in Mainstay and attach {name}"
        what = f"unexpected error ({kind.__name__}); the details are in {name}"
        self.console.error(MainstayError(what, remedy=remedy, code="unexpected"))
        sys.exit(UNEXPECTED)


def run(arguments: Sequence[str], console: Console) -> int:
    """Execute the command line *arguments* and return the exit code."""
    try:
        code = mainstay.main(list(arguments), prog_name="mainstay", standalone_mode=False, obj=console)
    except MainstayError as error:
        console.error(error)
        return error.exit_code
    except OSError as error:
        if error.errno not in FULL:
            raise
        console.error(NoRoom(words(error), remedy="make room (df -h), then mainstay status"))
        return NoRoom.exit_code
    except click.UsageError as misuse:
        return _misused(misuse, console)
    except (click.Abort, KeyboardInterrupt):
        return Interrupted("interrupted").exit_code
    return code if isinstance(code, int) else 0


def _misused(misuse: click.UsageError, console: Console) -> int:
    if isinstance(misuse, click.exceptions.NoArgsIsHelpError):
        console.print_to_stderr(misuse.format_message())
        return BadInput.exit_code
    words = misuse.ctx.command_path.split()[1:] if misuse.ctx else []
    if isinstance(misuse, click.NoSuchOption):
        from difflib import get_close_matches  # Its import takes 5 ms, which other commands need not pay.

        near = get_close_matches(misuse.option_name, misuse.possibilities or (), cutoff=NEAR)
        misuse = click.NoSuchOption(misuse.option_name, possibilities=near, ctx=misuse.ctx)
    console.error(BadInput(misuse.format_message(), remedy=" ".join(["mainstay", *words, "--help"]), code="misused"))
    return BadInput.exit_code


def main() -> None:
    """Run the program and exit with its code."""
    # Nearly every object lives until the command ends, so garbage collection only costs time: a third of the start.
    # Even a manifest of 500 services creates fewer objects than this threshold.
    gc.set_threshold(200_000)
    # Pydantic would read the metadata of every installed package in search of plugins: a seventh of `validate`.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    safe_streams.install()
    arguments = sys.argv[1:]
    wants_json = "--output=json" in arguments or ("--output", "json") in pairwise(arguments)
    console = Console("json" if wants_json else "text", program=_program())
    with CrashReport(console, arguments):
        code = run(arguments, console)
    _leave(code)


def _leave(code: int) -> None:
    """End the process without waiting for steps in other threads, which must not run during interpreter shutdown."""
    if threading.active_count() == 1:
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _program() -> str:
    """Return the program as the user must type it: its path if the shell would not find it by name."""
    found_by_name = str(Path(sys.argv[0]).parent) in os.environ.get("PATH", "").split(os.pathsep)
    return sys.argv[0] if "/" in sys.argv[0] and not found_by_name else "mainstay"
