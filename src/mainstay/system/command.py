"""Run short commands, such as git and psql, as child processes and wait for their end.

Builds and migrations run as jobs of the target instead, so that they survive a crash of this process.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

from mainstay.errors import Unreachable
from mainstay.system.state_dir import SYSTEM_PATH
from mainstay.system.users import identity

GUARD = Path(__file__).with_name("exec_guard.py")
MAX_OUTPUT_BYTES = 1_000_000


class CommandResult(msgspec.Struct, frozen=True):
    """The exit code and output of a child process.

    `cut`: whether `out` or `err` exceeded `MAX_OUTPUT_BYTES`, and the excess was dropped.
    """

    code: int
    out: str
    err: str
    cut: bool = False


class Shell:
    """Runs commands, given as argument lists and never as shell strings, each under a guard process (`exec_guard`)."""

    def __call__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        stdin: str = "",
        user: str = "",
        within: float = 30.0,
    ) -> CommandResult:
        """Run *command* until it exits, as *user* if given, and return its exit code and output.

        The command's environment contains only PATH, LANG, HOME and *environment*. After *within* seconds the command
        and its process group are killed, and Unreachable is raised. The guard also kills them when this process dies,
        even by SIGKILL.
        """
        owner = identity(user) if user else None
        become = [str(owner.uid), str(owner.gid), ",".join(map(str, owner.groups))] if owner else ["-", "-", "-"]
        guarded = [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), *become, "--", *command]
        seen = {name: os.environ[name] for name in ("LANG", "HOME") if name in os.environ}
        seen["PATH"] = ":".join(filter(None, [os.environ.get("PATH"), SYSTEM_PATH]))
        # Output goes to files, not pipes: a child that writes a gigabyte takes no memory here and never blocks.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = subprocess.Popen(
                guarded,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                cwd=folder or "/",
                env=seen | dict(environment or {}),
                start_new_session=True,
            )
            try:
                child.communicate(stdin.encode(), timeout=within)
            except subprocess.TimeoutExpired:
                child.terminate()
                child.wait()
                raise Unreachable(f"{Path(command[0]).name} did not finish within {within:g} s") from None
            out_text, cut_out = _read(out)
            err_text, cut_err = _read(err)
            return CommandResult(child.returncode, out_text, err_text, cut_out or cut_err)


def _read(file: IO[bytes]) -> tuple[str, bool]:
    file.seek(0)
    content = file.read(MAX_OUTPUT_BYTES + 1)
    return content[:MAX_OUTPUT_BYTES].decode(errors="replace"), len(content) > MAX_OUTPUT_BYTES
