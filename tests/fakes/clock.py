"""A clock that is turned by hand: letting time pass costs none."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

BEGAN = datetime(2026, 1, 5, 12, tzinfo=UTC)


class TurnableClock:
    """Shows what it was turned to; a pause turns it on."""

    def __init__(self, paused: Callable[[], None] = lambda: None) -> None:
        self._seconds = 0.0
        self._lock = threading.Lock()
        self.paused = paused

    def now(self) -> datetime:
        return BEGAN + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    def pause(self, seconds: float) -> None:
        self.turn(seconds)
        self.paused()

    def turn(self, seconds: float) -> None:
        """Let *seconds* have passed."""
        with self._lock:
            self._seconds += seconds
