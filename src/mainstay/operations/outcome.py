"""How a command that changes something ended."""

from typing import Literal

import msgspec

from mainstay.history.events import RunOutcome

OutcomeName = RunOutcome | Literal["started", "unchanged"]


class CommandOutcome(msgspec.Struct, frozen=True):
    """How a command ended. `run` is the id of its run; empty if it executed none.

    `outcome`: `released` and `undone` are the outcome of the run; `started`: the live release was started, and nothing
    else had to be done; `unchanged`: nothing had to be done. `wanted` is the outcome of the run that counts as success.
    `release` and `version` name the release that is live after the command; None and empty if none is.
    """

    run: str
    kind: str
    outcome: OutcomeName
    release: int | None
    version: str
    url: str
    took_s: float
    note: str = ""
    wanted: RunOutcome = "released"

    @property
    def exit_code(self) -> int:
        """0 if the command ended as requested, otherwise 1."""
        return 0 if self.outcome in (self.wanted, "started", "unchanged") else 1
