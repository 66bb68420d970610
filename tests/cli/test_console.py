"""Console output: on terminals of any width, and through pipes."""

import os
import pty
import struct
import subprocess
import sys
import termios
from fcntl import ioctl

import pytest

SHOW = """
from mainstay.cli.console import Console, Styled
console = Console()
console.print(Styled("degraded", "bold red"), ": \\x1b[2Jcleared")
console.table(("NAME", "VALUE"), [("日本", "a [red]long[/red] value \\x1b[31m"), ("web", "b")])
"""
PLAIN = "degraded: cleared\nNAME  VALUE\n日本  a [red]long[/red] value\nweb   b\n"


def on_terminal(width: int, **environment: str) -> list[str]:
    """Return the lines that SHOW prints on a terminal of *width* columns."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    seen = {"PATH": os.environ["PATH"], "TERM": "xterm", "PYTHONUTF8": "1"} | environment
    try:
        subprocess.run([sys.executable, "-c", SHOW], stdout=theirs, stderr=theirs, env=seen, timeout=60, check=True)
        return [line.rstrip() for line in os.read(ours, 65536).decode().splitlines()]
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_pipe_gets_aligned_text_without_colours() -> None:
    environment = os.environ | {"COLUMNS": "10"}
    assert subprocess.check_output([sys.executable, "-c", SHOW], env=environment, timeout=60).decode() == PLAIN


def test_a_terminal_gets_colours_and_no_escape_sequence_of_a_service() -> None:
    assert on_terminal(80) == ["\x1b[1;31mdegraded\x1b[0m: cleared", *PLAIN.splitlines()[1:]]


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "TERM=dumb"])
def test_colours_can_be_turned_off(environment: dict[str, str]) -> None:
    assert not [line for line in on_terminal(80, **environment) if "31m" in line]


def test_a_narrow_terminal_gets_cells_of_several_lines() -> None:
    expected = "NAME  VALUE\n日本  a\n      [red]long[\n      /red]\n      value\nweb   b"
    assert on_terminal(16)[1:] == expected.splitlines()
