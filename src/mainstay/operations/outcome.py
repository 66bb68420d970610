"""How a command that changes something ended."""

import msgspec

from mainstay.events import Outcome as RunOutcome


class Outcome(msgspec.Struct, frozen=True):
    """`run` is empty where nothing had to be done. `exit_code` follows the contract."""

    run: str
    kind: str
    outcome: RunOutcome
    release: int | None
    version: str
    url: str
    took_s: float
    note: str = ""
    wanted: RunOutcome = "released"

    @property
    def exit_code(self) -> int:
        """0: it ended as it was asked to."""
        return 0 if self.outcome == self.wanted else 1
