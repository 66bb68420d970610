"""Time, and waiting for something with a limit that can be interrupted."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from mainstay.errors import StepFailed

T = TypeVar("T")

BEAT_S = 1.0


class Clock(Protocol):
    """Tells the time and lets it pass. Durations come from `monotonic`; `now` is for showing."""

    def now(self) -> datetime:
        """The wall's time, with zone UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        ...

    def pause(self, seconds: float) -> None:
        """Let *seconds* pass."""
        ...


class SystemClock:
    """This machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


class Patience:
    """Waits for things. Between looks it calls `beat` about once a second.

    `beat` is how the engine hears an interruption or an `abort` in the middle of a wait: it raises.
    """

    def __init__(self, clock: Clock, beat: Callable[[], None] = lambda: None) -> None:
        self._clock = clock
        self._beat = beat

    def until(
        self,
        found: Callable[[], T | None],
        *,
        within: float,
        waiting_for: str,
        remedy: str = "",
        every: float = 0.05,
    ) -> T:
        """Ask *found* until it answers something else than None or False; return that.

        Raises StepFailed naming *waiting_for* when *within* seconds have passed, and whatever `beat` raises.
        """
        began = self._clock.monotonic()
        beaten = began
        self._beat()
        while True:
            answer = found()
            if answer is not None and answer is not False:
                return answer
            now = self._clock.monotonic()
            if now - began >= within:
                raise StepFailed(f"timed out after {within:g} s waiting for {waiting_for}", remedy=remedy)
            if now - beaten >= BEAT_S:
                self._beat()
                beaten = now
            self._clock.pause(min(every, max(0.001, within - (now - began))))

    def hold(self, seconds: float, check: Callable[[], None], *, every: float = 0.5) -> None:
        """Let *seconds* pass while *check* is asked again and again; *check* raises to end it early."""
        began = self._clock.monotonic()
        while True:
            self._beat()
            check()
            left = seconds - (self._clock.monotonic() - began)
            if left <= 0:
                return
            self._clock.pause(min(every, left))
