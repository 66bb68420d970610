"""The first page of the tutorial: each command on it is typed in a terminal, and shows what the page shows."""

import fcntl
import getpass
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.journeys.person import MAINSTAY
from tests.journeys.place import Place

pytestmark = pytest.mark.slow
PAGE = Path(__file__).parent.parent.parent / "docs" / "tutorial" / "first-release.md"
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOT_TYPED = ("make install", "export PATH=")
CONTROL = re.compile(r"(\x1b\[2K)|(\x1b\[1A)|(\n|\r|\x1b\[[0-9;?]*[a-zA-Z])|([^\x1b\n\r]+)")
"""Erase the line, go up a line, other movements and colours, text."""
DIFFERS = (
    (r"\b[0-9a-f]{10,12}\b", "ID"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME"),
    (r" +~[\d.]+ m?s\b", ""),
    (r"\d+(\.\d+)? (m?s|MiB)\b", "N"),
    (r"127\.0\.0\.1:\d+|\bport \d+|\ba free port", "ADDRESS"),
    (r"is /\S+ \(for web\)", "is PYTHON (for web)"),
    (r"^state: \S+", "state: FOLDER"),
    (rf"\b(ann|{re.escape(getpass.getuser())})$", "PERSON"),
    (r"[ \t]+", " "),
    (r"\bready N - ", "ready N N "),  # The supervisor measures memory from time to time.
    (r"\n+ *", "\n"),
)
"""What is different at every run, and the layout that depends on it."""


class Shown(NamedTuple):
    command: str
    output: str


def test_every_command_of_the_first_page_shows_what_the_page_shows(place: Place) -> None:
    place.given_state = False
    for shown in on_the_page():
        output = typed(place, shown.command)
        assert fits(shown.output, output), f"$ {shown.command}\n{output}\n--- but the page shows\n{shown.output}"
        if shown.command == "mainstay init":
            place.shipped = [(place.home / "hello", ())]
            take_a_free_port(place.home / "hello" / "mainstay.yaml")


def on_the_page() -> list[Shown]:
    """The commands of the page with the output below each."""
    sessions = "".join(CONSOLE.findall(PAGE.read_text()))
    parts = [part.partition("\n") for part in re.split(r"^\$ ", sessions, flags=re.MULTILINE)[1:]]
    found = [Shown(command, output) for command, _, output in parts]
    assert [shown for shown in found if shown.command == "mainstay deploy"], "the page deploys a change"
    return [shown for shown in found if not shown.command.startswith(NOT_TYPED)]


def take_a_free_port(manifest: Path) -> None:
    """Do what the page says where port 8080 is taken."""
    manifest.write_text(manifest.read_text().replace("edge:\n", "edge:\n  http: auto\n"))


def typed(place: Place, command: str) -> str:
    """Type a command in a terminal and return what it shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    path = f"{Path(MAINSTAY).parent}:{place.environment['PATH']}"
    child = subprocess.Popen(
        ["bash", "-c", f"cd ~/hello 2>/dev/null || cd; {command}"],
        env=place.environment | {"PATH": path, "TERM": "xterm"},
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        shown = b"".join(iter(lambda: chunk_of(terminal.fileno()), b"")).decode()
    assert child.wait(10) == 0, shown
    return on_screen(shown)


def chunk_of(terminal: int) -> bytes:
    """Return what the terminal shows next; nothing once the command has closed it."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def on_screen(text: str) -> str:
    """Return the lines that remain on the screen: a progress bar goes up and erases what it drew."""
    lines, row = [""], 0
    for erase, up, move, plain in CONTROL.findall(text):
        if move == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif erase:
            lines[row] = ""
        elif up:
            row -= 1
        lines[row] += plain
    return "\n".join(line.rstrip() for line in lines)


def fits(page: str, output: str) -> bool:
    """Whether *output* is what the page shows; `…` on a line of its own stands for any lines."""
    pattern = re.escape(masked(page)).replace(re.escape("…\n"), "(.*\n)*")
    return re.fullmatch(pattern, masked(output)) is not None


def masked(text: str) -> str:
    for pattern, name in DIFFERS:
        text = re.sub(pattern, name, text, flags=re.MULTILINE)
    return text.strip("\n") + "\n"


def test_a_bar_that_was_erased_is_not_on_the_screen() -> None:
    assert on_screen("1 fetch\r\n bar 1\r\n bar 2\r\x1b[2K\x1b[1A\x1b[2K\x1b[32mdone\x1b[0m\r\n") == "1 fetch\ndone\n"


def test_another_output_than_the_page_shows_is_noticed() -> None:
    assert fits("done in 2.4 s: release 2 is live\n", "done in 3.1 s: release 2 is live\n")
    assert fits("…\ndone\n", "1 fetch\n2 release\ndone\n")
    assert not fits("…\ndone\n", "1 fetch\nfailed\n")
