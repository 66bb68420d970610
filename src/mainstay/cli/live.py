"""Live view of a run on a terminal: finished steps above, running steps below."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mainstay.cli.console import Console, duration
from mainstay.cli.event_text import EventContext, sentence
from mainstay.cli.terminal import terminal
from mainstay.history import events
from mainstay.history.journal import Row
from mainstay.planning.plan import Plan
from mainstay.system.clock import SystemClock
from mainstay.text.parts import parts_of
from mainstay.text.printable import harmless

INDENT = 9
"""Indentation, in columns, of lines that belong to the step above them."""
FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class LivePhases:
    """Shows each step as a line with its duration, and the names of the phases if the plan is known."""

    def __init__(self, console: Console, plan: Plan | None) -> None:
        self._console = console
        self._terminal = terminal()
        self._clock = SystemClock()
        self._run = EventContext()
        self._acting: dict[str, tuple[float, str]] = {}
        phases = plan.phases if plan else ()
        self._phases = {str(position): phase.name for position, phase in enumerate(phases, 1)}
        self._printed_phase = ""
        self._steps = 0
        self._done = 0
        self._live = Live(
            console=self._terminal, refresh_per_second=8, transient=True, get_renderable=self._running_steps
        )
        self._live.start()

    def close(self) -> None:
        """Remove the running steps from the terminal; the finished ones stay."""
        self._live.stop()

    def on_event(self, row: Row) -> None:
        event = self._run.read(row)
        match event:
            case events.Planned():
                self._steps = event.steps
            case events.Started():
                self._acting[event.step] = (self._clock.monotonic(), "")
                self._print_phase(event.step)
            case events.Progress():
                self.on_figures(event.step, event.what)
            case events.Done():
                self._done += 1
                took = "" if event.adopted else duration(event.took_s)
                self._print_end("✓", "green", event.step, event.evidence, took)
            case events.Undoing():
                self._acting[event.step] = (self._clock.monotonic(), "undoing")
            case events.Undone():
                self._print_end("↩", "yellow", event.step, event.evidence)
            case events.Failed():
                self._print_failure(event)
            case events.Resumed() | events.Ended(note=""):
                pass
            case events.ParkedAt():
                self._print(Text(self._console.command(sentence(event, self._run)), style="red"))
            case _:
                self._print(Text(harmless(sentence(event, self._run)), style="yellow"))

    def on_figures(self, step: str, what: str) -> None:
        """Show *what*, the current figures of *step*, beside the running step; they replace the previous ones."""
        began, _ = self._acting.get(step, (self._clock.monotonic(), ""))
        self._acting[step] = (began, what)

    def _print_phase(self, step: str) -> None:
        phase = step.partition(".")[0]
        if phase != self._printed_phase and phase in self._phases:
            self._printed_phase = phase
            self._print(Text(f"{phase}  {self._phases[phase]}", style="bold"))

    def _print_end(self, mark: str, colour: str, step: str, evidence: str, took: str = "") -> None:
        """Print the finished step; its *evidence* below it, by parts, if the line is too short for several."""
        self._acting.pop(step, None)
        head = Text.assemble((f" {mark} ", colour), self._titled(step))
        parts = parts_of(harmless(evidence))
        line = head + Text("".join(f"  {each}" for each in (harmless(evidence), took) if each), style="dim")
        if len(parts) == 1 or line.cell_len <= self._terminal.width:
            self._print(line)
            return
        self._print(head + Text(f"  {took}", style="dim"))
        for part in parts:
            self._print(Text(" " * INDENT + part, style="dim"))

    def _print_failure(self, event: events.Failed) -> None:
        """Print the cause below the step, highlighted."""
        self._acting.pop(event.step, None)
        self._print(Text.assemble((" ✗ ", "red"), self._titled(event.step).rstrip()))
        for line in harmless(event.error).splitlines():
            self._print(Text(" " * INDENT + line, style="bold red"))

    def _print(self, line: Text) -> None:
        self._terminal.print(line, soft_wrap=True)

    def _running_steps(self) -> Group:
        rows = [row for step, acting in list(self._acting.items()) for row in self._rows(step, *acting)]
        if self._steps:
            bar = Table.grid(padding=(0, 1))
            bar.add_row("  ", ProgressBar(self._steps, self._done, width=30), f"{self._done} of {self._steps}")
            return Group(*rows, bar)
        return Group(*rows)

    def _rows(self, step: str, began: float, what: str) -> Iterator[RenderableType]:
        """Yield the line of a running step, with *what* it reports; below it, by parts, if the line is too short."""
        now = self._clock.monotonic()
        line = Text(f" {FRAMES[int(now * 8) % len(FRAMES)]} {self._titled(step)}  {duration(now - began)}")
        more = Text(f"  {harmless(what)}" if what else "", style="dim")
        if line.cell_len + more.cell_len <= self._terminal.width:
            yield line + more
            return
        yield Text(line.plain, no_wrap=True, overflow="ellipsis")
        for part in parts_of(harmless(what)):
            yield Padding(Text(part, style="dim"), (0, 0, 0, INDENT))

    def _titled(self, step: str) -> str:
        return f"{step:<5} {self._run.titles.get(step, '')}"
