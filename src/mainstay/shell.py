"""Start a child process: readers and dumps only; whatever changes something is a job of the target."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec


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
        within: float = 30.0,
    ) -> Said:
        """Run *command* to its end and say how it ended.

        Raises Unreachable when it cannot be started or is not done *within* seconds (it is ended then, with
        its whole group). It is also ended when this process dies, even by SIGKILL.
        """
        ...
