"""Budget: the time and the money that models may take, for one round or for one question."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Budget:
    """Spent when either is gone. What a call costs is known after it; what it may take, before."""

    seconds: float
    cents: float
    now: Callable[[], float] = time.monotonic

    def left(self) -> float:
        """Seconds that the next call may take; 0 when the time or the money is gone."""
        return max(0.0, self.seconds) if self.cents > 0 else 0.0

    def spend(self, seconds: float, cents: float) -> None:
        self.seconds -= seconds
        self.cents -= cents
