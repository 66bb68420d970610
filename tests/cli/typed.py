"""The program as it is typed: in a process of its own, or in this one where no process is what is tested."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PROGRAM = [sys.executable, "-c", "from mainstay.cli import main; main()"]


class Said(NamedTuple):
    """How it ended and what it said."""

    code: int
    out: str
    err: str


def typed(folder: Path, *words: str, program: Sequence[str] = PROGRAM, **environment: str) -> Said:
    """Run `mainstay WORDS` in *folder*, with a state of its own beside it."""
    seen = {"PATH": os.environ["PATH"], "HOME": str(folder), "MAINSTAY_STATE": f"{folder}-state"} | environment
    ended = subprocess.run([*program, *words], cwd=folder, env=seen, capture_output=True, timeout=60, check=False)
    return Said(ended.returncode, ended.stdout.decode(errors="replace"), ended.stderr.decode(errors="replace"))
