"""Budget: the time and the money that models may use in one round or one request."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Budget:
    """The seconds and US cents that are left. The budget is spent when either of them has run out."""

    seconds: float
    cents: float
    now: Callable[[], float] = time.monotonic

    def left(self) -> float:
        """Return the seconds that the next call may take; 0 when the time or the money is spent."""
        return max(0.0, self.seconds) if self.cents > 0 else 0.0

    def spend(self, seconds: float, cents: float) -> None:
        self.seconds -= seconds
        self.cents -= cents
