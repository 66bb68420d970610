"""What commands that execute a run have in common: approval, progress, interruption, outcome and exit code."""

import shlex
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import update_wrapper
from typing import Any, Concatenate, NamedTuple, ParamSpec

import click
import msgspec
from click.core import ParameterSource

from mainstay.cli.approval import Approval, DryRunEnded
from mainstay.cli.console import Console, Styled, duration
from mainstay.cli.context import context_of
from mainstay.cli.event_text import EventLines
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.signals import signals_to
from mainstay.engine.interruption import Interruption
from mainstay.engine.runner import Runner, ignore_figures
from mainstay.history.events import Failed
from mainstay.history.journal import Row
from mainstay.model.run_kind import run_kind
from mainstay.operations.context import Context
from mainstay.operations.outcome import CommandOutcome
from mainstay.system.clock import SystemClock

P = ParamSpec("P")
ANSWERS = ("yes", "dry_run", "confirm")
"""The options that decide, instead of the user's answer at the terminal, whether the plan is executed."""

yes = click.option("--yes", is_flag=True, help="Execute the plan without asking for approval.")
dry_run = click.option("--dry-run", is_flag=True, help="Show the plan and execute nothing.")


class CommandRun(NamedTuple):
    """What a command passes to the operation that executes its run."""

    context: Context
    approval: Approval
    runner: Runner
    console: Console


def run_command(
    name: str, *examples: str, approves: bool = False, then: Callable[[CommandRun, CommandOutcome], None] | None = None
) -> Callable[[Callable[Concatenate[CommandRun, P], CommandOutcome]], click.Command]:
    """Return a decorator that turns a function, which calls an operation, into the command *name*.

    The command's help shows *examples*. *approves*: the command asks for approval, and has the options `--yes` and
    `--dry-run`; otherwise it executes the run without approval. *then* prints what to do next; it is not called after a
    run that was rolled back.
    """

    def decorate(operation: Callable[Concatenate[CommandRun, P], CommandOutcome]) -> click.Command:
        def call(invocation: Invocation, /, **options: Any) -> int:
            return _execute(invocation, operation, options, then)

        command = invoked(name, *examples)(update_wrapper(call, operation))
        return dry_run(yes(command)) if approves else command

    return decorate


def _execute(
    invocation: Invocation,
    operation: Callable[..., CommandOutcome],
    options: dict[str, Any],
    then: Callable[[CommandRun, CommandOutcome], None] | None,
) -> int:
    console = invocation.console
    answers = {name: options.pop(name) for name in ANSWERS if name in options}
    approval = Approval(console, command_as_typed(click.get_current_context()), **({"yes": True} | answers))
    interruption = Interruption()
    try:
        with ExitStack() as display, signals_to(interruption):
            progress = _Progress(approval, display)
            runner = Runner.here(
                SystemClock(), interruption=interruption, on_event=progress.on_event, on_figures=progress.on_figures
            )
            run = CommandRun(context_of(invocation, prompts=not approval.dry_run), approval, runner, console)
            outcome = operation(run, **options)
    except DryRunEnded:
        return 0
    if console.json:
        if not outcome.run:
            console.document(outcome)
        return outcome.exit_code
    _print_outcome(console, outcome)
    if outcome.outcome == "undone" and outcome.wanted == "released" and progress.remedy:
        console.next(progress.remedy)
    if outcome.outcome != "undone" and then is not None:
        then(run, outcome)
    return outcome.exit_code


def command_as_typed(context: click.Context) -> str:
    """Return the command with the arguments and options that were typed, without the program and without `ANSWERS`."""
    words = [context.info_name or ""]
    for parameter in context.command.params:
        name, value = parameter.name, context.params.get(parameter.name or "")
        typed = context.get_parameter_source(name or "") is ParameterSource.COMMANDLINE
        if typed and value is not None and name not in ANSWERS:
            words += parameter.opts[:1] if isinstance(parameter, click.Option) else []
            words += [] if value is True else [str(value)]
    return shlex.join(words)


class _Progress:
    """Shows the events of a run. The display opens at the first event, so that it never overwrites a question.

    Any thread may call `on_event`.
    """

    def __init__(self, approval: Approval, display: ExitStack) -> None:
        self._approval = approval
        self._display = display
        self._show: Callable[[Row], None] | None = None
        self._show_figures = ignore_figures
        self.remedy = ""
        """The remedy of the first failure; empty before it."""

    def on_event(self, row: Row) -> None:
        if row.name == "failed" and not self.remedy:
            self.remedy = msgspec.json.decode(row.body, type=Failed).remedy
        if self._show is None:
            self._show = self._open()
        self._show(row)

    def on_figures(self, step: str, what: str) -> None:
        """Show the current figures of a step, in a live view only: other readers get those that are recorded."""
        self._show_figures(step, what)

    def _open(self) -> Callable[[Row], None]:
        if not self._approval.console.live:
            return EventLines(self._approval.console).on_event
        from mainstay.cli.live import LivePhases

        view = LivePhases(self._approval.console, self._approval.plan)
        self._show_figures = view.on_figures
        return self._display.enter_context(closing(view)).on_event


def _print_outcome(console: Console, outcome: CommandOutcome) -> None:
    if outcome.outcome == "undone":
        console.print(Styled("rolled back:", "bold yellow"), f" {_live(outcome)}")
    elif outcome.outcome == "started":
        console.print(Styled("started", "bold green"), f" in {duration(outcome.took_s)}: {_live(outcome)}")
    elif outcome.run:
        now = _live(outcome) if run_kind(outcome.kind).needs_running else "everything is stopped"
        console.print(Styled("done", "bold green"), f" in {duration(outcome.took_s)}: {now}")
    if outcome.note:
        console.print(console.command(outcome.note))


def _live(outcome: CommandOutcome) -> str:
    where = f" at {outcome.url}" if outcome.url else ""
    return f"release {outcome.release} ({outcome.version}) is live{where}" if outcome.release else "no release is live"
