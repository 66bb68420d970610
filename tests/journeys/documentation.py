"""Read commands and outputs from the documentation, run the commands in a terminal and compare the outputs."""

import codecs
import fcntl
import getpass
import os
import pty
import re
import site
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
"""Groups: erase the line, move up a line, other movements and colours, text."""
VARIABLE_PARTS = (
    (r"\b[0-9a-f]{10,12}\b", "ID"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(\+00:00)?", "TIME"),
    (r"^\d\d:\d\d:\d\d ", "TIME "),
    (r" +~[\d.]+ m?s\b", ""),
    (r"\d+(\.\d+)? (m?s|MiB)\b", "N"),
    (r"0\.0\.0\.0:\d+", "EVERY-ADDRESS"),
    (r"/\S+/(?=\w+\.sock\b)", "FOLDER/"),
    (r"(?:127\.0\.0\.1|[a-z.]+\.example):\d+|\bport \d+|\ba free port", "ADDRESS"),
    (r"is /\S+ \(for web\)", "is PYTHON (for web)"),
    (r"/\S+/(?=secrets\.(age|key)\b)", "FOLDER/"),
    (r"^state: \S+", "state: FOLDER"),
    (r"\b\d+(?= removed| rows)", "N"),
    (r"(?<=sha256 )\w+", "DIGEST"),
    (r"\bprocess \d+", "process N"),
    (r"^ *\d+ (?=TIME r-)", ""),
    (r"postgres +\d+\.\d+|\(\d+\.\d+\)", "POSTGRES"),
    (r"\br-\d{4}\b", "RUN"),
    (rf"\bon (vm|{re.escape(os.uname().nodename)})\b", "on HOST"),
    (rf"\b(ann|{re.escape(getpass.getuser())})\b", "USER"),
    (r"[ \t]+", " "),
    (r"\b[\d.]+(?=( [\d.]+ %)+ N N N$)", "RATE"),
    (r"\bready N - ", "ready N N "),  # Memory is measured only from time to time.
    (r"\n+ *", "\n"),
    (r"^(.*\n)\1+", r"\1"),  # The last lines of a service that exited once or three times.
)
"""Parts of an output that differ between runs, and the layout that depends on them, with replacements."""


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
    """Return the pages that are not generated, with their folder: `tutorial/database.md`."""
    return sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if path.parent.name != "reference")


def require_shown(page: str, command: str, output: str) -> None:
    """Fail unless docs/*page* shows *command* with this output."""
    candidates = [shown for shown in shown_on(page) if shown.command == command and shown.output.strip()]
    assert candidates, f"{page} shows no output of {command}"
    assert any(fits(each.output, output) for each in candidates), (
        f"$ {command}\n{output}\n--- but {page} shows\n" + "\n--- or\n".join(each.output for each in candidates)
    )


def type_command(
    sandbox: Sandbox, command: str, *, folder: str = "~/hello", typed: str = "", code: int | None = 0
) -> str:
    """Run a command in a terminal, type *typed* at its prompt and return the final content of the screen."""
    controller, child_end = pty.openpty()
    fcntl.ioctl(child_end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    path = f"{Path(MAINSTAY).parent}:{sandbox.env['PATH']}"
    state = {"MAINSTAY_STATE": str(sandbox.state)} if sandbox.explicit_state else {}
    child = subprocess.Popen(
        # The terminal is the controlling terminal, so that Ctrl-C reaches the command.
        ["setsid", "--ctty", "bash", "-c", f"cd {folder} 2>/dev/null || cd; {command}"],
        env=sandbox.env | state | {"PATH": path, "TERM": "xterm"},
        stdin=child_end, stdout=child_end, stderr=child_end,
    )  # fmt: skip
    os.close(child_end)
    with os.fdopen(controller, "r+b", buffering=0) as terminal:
        output, decoder = "", codecs.getincrementaldecoder("utf-8")()
        while chunk := read_chunk(terminal.fileno()):
            output += decoder.decode(chunk)
            # A prompt for a secret discards input that arrived before it.
            if typed and output.endswith(": "):
                terminal.write(typed.encode())
                typed = ""
    exit_code = child.wait(10)
    assert code is None or exit_code == code, f"$ {command} exited with {exit_code}\n{output}"
    return on_screen(output)


def read_chunk(terminal: int) -> bytes:
    """Return the terminal's next output; empty once the command has closed it."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def on_screen(output: str) -> str:
    """Return the lines that remain on the screen after a progress bar has erased its own lines."""
    lines, row = [""], 0
    for erase, up, move, text in CONTROL.findall(output):
        if move == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif erase:
            lines[row] = ""
        elif up:
            row -= 1
        lines[row] += text
    return "\n".join(line.rstrip() for line in lines)


def use_installed_packages() -> list[str]:
    """Return a build command that makes the packages of the tests importable, in place of a download."""
    packages = site.getsitepackages()[0]
    code = f"import site; open(site.getsitepackages()[0] + '/tests.pth', 'w').write({packages!r})"
    return [".venv/bin/python", "-c", code]


def fits(page: str, output: str) -> bool:
    """Return whether *output* matches the page; a line `…` matches any number of lines."""
    pattern = re.escape(masked(page)).replace(re.escape("…\n"), "(.*\n)*")
    return re.fullmatch(pattern, masked(output)) is not None


def masked(text: str) -> str:
    for pattern, name in VARIABLE_PARTS:
        text = re.sub(pattern, name, text, flags=re.MULTILINE)
    return text.strip("\n") + "\n"
