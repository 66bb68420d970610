"""How a command that changes something ended."""

from typing import Literal

import msgspec

from mainstay.history.events import Outcome as RunOutcome


class Outcome(msgspec.Struct, frozen=True):
    """How a command ended. `run` is empty where it carried out no run.

    `released` and `undone` are those of the run; `started`: the live release was started, and nothing else was to do;
    `unchanged`: there was nothing to do. `exit_code` follows the contract.
    """

    run: str
    kind: str
    outcome: RunOutcome | Literal["started", "unchanged"]
    release: int | None
    version: str
    url: str
    took_s: float
    note: str = ""
    wanted: RunOutcome = "released"

    @property
    def exit_code(self) -> int:
        """0: it ended as it was asked to."""
        return 0 if self.outcome in (self.wanted, "started", "unchanged") else 1
