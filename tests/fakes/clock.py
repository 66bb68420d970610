"""A clock for tests: time passes only when the test or a pause advances it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

BEGAN = datetime(2026, 1, 5, 12, tzinfo=UTC)


class TurnableClock:
    """Advances by each pause; `paused` is called after it."""

    def __init__(self, paused: Callable[[], None] = lambda: None) -> None:
        self._seconds = self._stepped = 0.0
        self._lock = threading.Lock()
        self.paused = paused

    def now(self) -> datetime:
        return BEGAN + timedelta(seconds=self._seconds + self._stepped)

    def monotonic(self) -> float:
        return self._seconds

    def pause(self, seconds: float) -> None:
        self.turn(seconds)
        self.paused()

    def step(self, seconds: float) -> None:
        """Set the time of day forward or back by *seconds*, as a time server does; no time passes."""
        self._stepped += seconds

    def turn(self, seconds: float) -> None:
        """Advance by *seconds*."""
        with self._lock:
            self._seconds += seconds
