"""The commands and outputs that the documentation shows, a terminal to type them in, and their comparison."""

import codecs
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

from tests.journeys.sandbox import Sandbox
from tests.journeys.users import MAINSTAY

DOCS = Path(__file__).parent.parent.parent / "docs"
CONSOLE = re.compile(r"^( *)```console\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
CONTROL = re.compile(r"(\x1b\[2K)|(\x1b\[1A)|(\n|\r|\x1b\[[0-9;?]*[a-zA-Z])|([^\x1b\n\r]+)")
"""Erase the line, go up a line, other movements and colours, text."""
DIFFERS = (
    (r"\b[0-9a-f]{10,12}\b", "ID"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(\+00:00)?", "TIME"),
    (r"^\d\d:\d\d:\d\d ", "TIME "),
    (r" +~[\d.]+ m?s\b", ""),
    (r"\d+(\.\d+)? (m?s|MiB)\b", "N"),
    (r"127\.0\.0\.1:\d+|\bport \d+|\ba free port", "ADDRESS"),
    (r"is /\S+ \(for web\)", "is PYTHON (for web)"),
    (r"/\S+/(?=secrets\.(age|key)\b)", "FOLDER/"),
    (r"^state: \S+", "state: FOLDER"),
    (r"\b\d+(?= removed| rows)", "N"),
    (r"(?<=ran with sha256 )\w+", "DIGEST"),
    (r"\bprocess \d+", "process N"),
    (r"^ *\d+ (?=TIME r-)", ""),
    (r"postgres +\d+\.\d+|\(\d+\.\d+\)", "POSTGRES"),
    (r"\br-\d{4}\b", "RUN"),
    (rf"\bon (vm|{re.escape(os.uname().nodename)})\b", "on HOST"),
    (rf"\b(ann|{re.escape(getpass.getuser())})\b", "PERSON"),
    (r"[ \t]+", " "),
    (r"\bready N - ", "ready N N "),  # The supervisor measures memory from time to time.
    (r"\n+ *", "\n"),
    (r"^(.*\n)\1+", r"\1"),  # The last lines of a service that ended once or three times.
)
"""What is different at every run, and the layout that depends on it."""


class Shown(NamedTuple):
    """A command on a page of the documentation, and the output below it."""

    page: str
    command: str
    output: str


def shown_on(page: str) -> list[Shown]:
    """Return the commands of docs/*page* with their outputs, in the order of the page."""
    found = []
    for indent, block in CONSOLE.findall((DOCS / page).read_text()):
        session = re.sub(f"^{indent}", "", block, flags=re.MULTILINE)
        for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
            lines = part.splitlines()
            # A here document belongs to the command.
            end = lines.index("END") if "<<'END'" in lines[0] else 0
            found.append(Shown(page, "\n".join(lines[: end + 1]), "\n".join(lines[end + 1 :]) + "\n"))
    return found


def pages() -> list[str]:
    """Return the pages that people write, with their folder: `tutorial/database.md`."""
    return sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if path.parent.name != "reference")


def require_shown(page: str, command: str, output: str) -> None:
    """Fail unless docs/*page* shows *command* with this output."""
    candidates = [shown for shown in shown_on(page) if shown.command == command and shown.output.strip()]
    assert candidates, f"{page} shows no output of {command}"
    assert any(fits(each.output, output) for each in candidates), (
        f"$ {command}\n{output}\n--- but {page} shows\n" + "\n--- or\n".join(each.output for each in candidates)
    )


def typed(sandbox: Sandbox, command: str, *, folder: str = "~/hello", answers: str = "", code: int | None = 0) -> str:
    """Type a command in a terminal, and *answers* to its questions; return what remains on the screen."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    path = f"{Path(MAINSTAY).parent}:{sandbox.environment['PATH']}"
    state = {"MAINSTAY_STATE": str(sandbox.state)} if sandbox.given_state else {}
    child = subprocess.Popen(
        ["bash", "-c", f"cd {folder} 2>/dev/null || cd; {command}"],
        env=sandbox.environment | state | {"PATH": path, "TERM": "xterm"},
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        shown, text = "", codecs.getincrementaldecoder("utf-8")()
        while chunk := chunk_of(terminal.fileno()):
            shown += text.decode(chunk)
            # A prompt for a secret drops what was typed before it.
            if answers and shown.endswith(": "):
                terminal.write(answers.encode())
                answers = ""
    ended = child.wait(10)
    assert code is None or ended == code, f"$ {command} ended with {ended}\n{shown}"
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
