"""Runs the program in a process."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PROGRAM = [sys.executable, "-c", "from mainstay.cli import main; main()"]


class Result(NamedTuple):
    """How it ended and what it result."""

    code: int
    out: str
    err: str


def mainstay(folder: Path, *words: str, program: Sequence[str] = PROGRAM, **environment: str) -> Result:
    """Run `mainstay WORDS` in *folder*, with a state of its own beside it."""
    seen = {"PATH": os.environ["PATH"], "HOME": str(folder), "MAINSTAY_STATE": f"{folder}-state"} | environment
    ended = subprocess.run([*program, *words], cwd=folder, env=seen, capture_output=True, timeout=60, check=False)
    return Result(ended.returncode, ended.stdout.decode(errors="replace"), ended.stderr.decode(errors="replace"))
