"""Print all output of the program, as text or JSON, even if stdout is closed.

On a terminal, `rich` draws colours, tables that fit the width, and the live view of a run. Its drawing modules
are imported only for a terminal, because that takes 10 ms; a pipe gets plain text with lines of any length.
"""

import os
import re
import shlex
import sys
from collections.abc import Iterable
from getpass import getpass
from typing import Literal, NamedTuple, TextIO

from mainstay.cli.safe_streams import is_terminal, reader_is_gone
from mainstay.errors import MainstayError, Mistake, Mistakes
from mainstay.text.plural import counted
from mainstay.text.printable import harmless

Output = Literal["text", "json"]
_OUR_COMMAND = re.compile(r"\bmainstay (?=[a-z…-])")


class Styled(NamedTuple):
    """Text and its style on a terminal, as `rich` names it: `bold red`."""

    text: str
    style: str


Part = str | Styled


class Console:
    """Prints text or JSON. If the reader of stdout has gone, output is dropped and the command continues.

    Escape sequences and hidden characters are removed from every text before it is printed, whatever a service wrote.
    """

    def __init__(self, output: Output = "text", *, program: str = "mainstay") -> None:
        self.output = output
        self._program = program
        self._repeated: dict[str, str] = {}

    def repeat(self, option: str, value: str) -> None:
        """Add *option* with *value* to every command that is suggested from now on."""
        self._repeated[option] = value

    @property
    def json(self) -> bool:
        return self.output == "json"

    @property
    def interactive(self) -> bool:
        """Whether a user can answer questions: stdin and stdout are terminals and the output is not JSON."""
        return is_terminal(sys.stdin) and is_terminal(sys.stdout) and not self.json

    @property
    def live(self) -> bool:
        """Whether printed lines may be overwritten: stdout is a capable terminal and the output is not JSON."""
        return is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb" and not self.json

    @property
    def reader_is_gone(self) -> bool:
        """Whether nothing reads stdout any more. Commands that follow or refresh then end; a run continues."""
        return reader_is_gone(sys.stdout)

    def print(self, *parts: Part) -> None:
        """Print *parts* as one line to stdout."""
        _print(sys.stdout, parts)

    def print_to_stderr(self, *parts: Part) -> None:
        """Print *parts* as one line to stderr."""
        _print(sys.stderr, parts)

    def next(self, command: str, effect: str = "") -> None:
        """Print *command*, with the options that the user typed, as the next one to type; *effect* explains it."""
        self.print(f" next: {self.command(command)}" + (f"  ({effect})" if effect else ""))

    def document(self, value: object) -> None:
        """Print *value*, a document or an event, as one line of JSON to stdout."""
        print(_encoded(value))

    def table(self, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
        """Print aligned columns. A terminal that is too narrow gets cells of several lines; a pipe gets long lines."""
        cells = [tuple(harmless(cell) for cell in row) for row in rows]
        if is_terminal(sys.stdout):
            from mainstay.cli.terminal import grid, terminal

            terminal().print(grid(head, cells))
            return
        from rich.cells import cell_len

        widths = [max(cell_len(cell) for cell in column) for column in zip(head, *cells, strict=True)]
        for row in (head, *cells):
            padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
            print("  ".join(padded).rstrip())

    def clear(self) -> None:
        """Clear the screen if `live`; otherwise do nothing."""
        if self.live:
            from mainstay.cli.terminal import terminal

            terminal().clear()

    def ask(self, question: str, *, hidden: bool = False) -> str:
        """Return the user's answer, read without echo if *hidden*; an empty string at the end of input."""
        try:
            return getpass(f"{question} ") if hidden else input(f"{question} ")
        except EOFError:
            return ""

    def error(self, error: MainstayError) -> None:
        """Print *error* to stderr: what happened, then what to type next."""
        if self.json:
            found: dict[str, object] = {"error": self._entry(error)}
            if isinstance(error, Mistakes):
                found = {"errors": [self._entry(each) for each in error.mistakes]}
            print(_encoded(found), file=sys.stderr)
        elif isinstance(error, Mistakes):
            for mistake in error.mistakes:
                self.print_to_stderr(self.command(line(mistake)))
            self.print_to_stderr(f"{counted(len(error.mistakes), 'mistake')}; nothing was changed")
        else:
            where = f"{error.place}: " if error.place else ""
            self.print_to_stderr(Styled("error:", "red"), f" {where}{error.what}")
            for each in self.command(error.remedy).splitlines():
                self.print_to_stderr(f" next: {each}")

    def progress(self, what: str) -> None:
        """Print what the command is waiting for. Omitted from JSON output: programs read the outcome."""
        if not self.json:
            self.print(what)

    def warning(self, problem: MainstayError) -> None:
        """Print to stderr a problem that does not end the command."""
        if self.json:
            print(_encoded({"warning": self._entry(problem)}), file=sys.stderr)
        else:
            self.print_to_stderr(Styled("warning:", "yellow"), f" {problem.what}")

    def command(self, remedy: str) -> str:
        """Return *remedy*; each command in it gets the program name and the options as the user typed them."""
        typed = [self._program, *(word for pair in self._repeated.items() for word in pair)]
        return _OUR_COMMAND.sub(lambda _: shlex.join(typed) + " ", remedy)

    def _entry(self, each: MainstayError | Mistake) -> dict[str, object]:
        entry: dict[str, object] = {"code": each.code, "what": each.what, "remedy": self.command(each.remedy)}
        return entry | ({"place": each.place} if each.place else {})


def line(mistake: Mistake) -> str:
    """Return a mistake as people and editors read it: `FILE:LINE:COLUMN: what (path); remedy [code]`."""
    path = f" ({mistake.place.path})" if mistake.place.path else ""
    return f"{mistake.place}: {mistake.what}{path}; {mistake.remedy} [{mistake.code}]"


def duration(seconds: float) -> str:
    """Return a duration in readable units: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, smaller, word in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit} {rest} {word}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def _print(stream: TextIO | None, parts: tuple[Part, ...]) -> None:
    pairs = [(harmless(part), "") if isinstance(part, str) else (harmless(part.text), part.style) for part in parts]
    if is_terminal(stream) and any(style for _, style in pairs):
        from rich.text import Text

        from mainstay.cli.terminal import terminal

        terminal(stderr=stream is sys.stderr).print(Text.assemble(*pairs), soft_wrap=True)
    else:
        print("".join(text for text, _ in pairs), file=stream)


def _encoded(value: object) -> str:
    # Imported only when used, because `--help` and most errors do not need it.
    import msgspec

    return msgspec.json.encode(value).decode()
