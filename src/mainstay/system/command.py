"""Start a child process: readers and dumps only; whatever changes something is a job of the target."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

import msgspec

from mainstay.errors import Unreachable
from mainstay.system.state_dir import SYSTEM_PATH
from mainstay.system.users import identity

GUARD = Path(__file__).with_name("exec_guard.py")
LARGEST_OUTPUT_BYTES = 1_000_000


class Said(msgspec.Struct, frozen=True):
    """What a child said and how it ended. Output is bounded; `cut` tells that some was dropped."""

    code: int
    out: str
    err: str
    cut: bool = False


class Shell(Protocol):
    """Runs argument lists, never shell strings."""

    def __call__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        stdin: str = "",
        user: str = "",
        within: float = 30.0,
    ) -> Said:
        """Run *command* to its end, as *user* when one is named, and say how it ended.

        It sees PATH, LANG and *environment*, nothing else. Raises Unreachable when it is not done *within*
        seconds: it is ended then, with its whole group. It is also ended when this process dies, even by SIGKILL.
        """
        ...


class GuardedShell:
    """The real shell: every child has a guard, which outlives us just long enough to end it."""

    def __call__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        stdin: str = "",
        user: str = "",
        within: float = 30.0,
    ) -> Said:
        whom = identity(user) if user else None
        become = [str(whom.uid), str(whom.gid), ",".join(map(str, whom.groups))] if whom else ["-", "-", "-"]
        guarded = [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), *become, "--", *command]
        seen = {name: os.environ[name] for name in ("LANG", "HOME") if name in os.environ}
        seen["PATH"] = ":".join(filter(None, [os.environ.get("PATH"), SYSTEM_PATH]))
        # Files instead of pipes: a child that says a gigabyte costs no memory and is never blocked.
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
                raise Unreachable(f"{Path(command[0]).name} was not done within {within:g} s") from None
            said_out, cut_out = _read(out)
            said_err, cut_err = _read(err)
            return Said(child.returncode, said_out, said_err, cut_out or cut_err)


def _read(file: IO[bytes]) -> tuple[str, bool]:
    file.seek(0)
    said = file.read(LARGEST_OUTPUT_BYTES + 1)
    return said[:LARGEST_OUTPUT_BYTES].decode(errors="replace"), len(said) > LARGEST_OUTPUT_BYTES
