"""Clocks, and interruptible waits with a timeout."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from mainstay.errors import StepFailed

T = TypeVar("T")

HEARTBEAT_S = 1.0


class Clock(Protocol):
    """A clock. Use `monotonic` to measure durations and `now` for times that are displayed."""

    def now(self) -> datetime:
        """Return the wall-clock time in UTC."""

    def monotonic(self) -> float:
        """Return the seconds since a fixed moment; the value never decreases."""

    def pause(self, seconds: float) -> None:
        """Sleep for *seconds*."""


class SystemClock:
    """This machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


class Waiter:
    """Waits for conditions with a timeout. While it waits, it calls *heartbeat* about once a second.

    The engine passes a *heartbeat* that raises on an interrupt or an `abort`, which ends the wait early.
    """

    def __init__(self, clock: Clock, heartbeat: Callable[[], None] = lambda: None) -> None:
        self._clock = clock
        self._beat = heartbeat

    def wait_until(
        self,
        found: Callable[[], T | None],
        *,
        within: float,
        waiting_for: str,
        remedy: str = "",
        every: float = 0.05,
    ) -> T:
        """Poll *found* every *every* seconds until it returns a value other than None and False; return that value.

        Raises StepFailed, with *waiting_for* in its message and with *remedy*, after *within* seconds. Exceptions from
        `heartbeat` propagate.
        """
        start = self._clock.monotonic()
        last_heartbeat = start
        self._beat()
        while True:
            answer = found()
            if answer is not None and answer is not False:
                return answer
            now = self._clock.monotonic()
            if now - start >= within:
                raise StepFailed(f"timed out after {within:g} s waiting for {waiting_for}", remedy=remedy)
            if now - last_heartbeat >= HEARTBEAT_S:
                self._beat()
                last_heartbeat = now
            self._clock.pause(min(every, max(0.001, within - (now - start))))

    def pause_checking(self, seconds: float, check: Callable[[], None], *, every: float = 0.5) -> None:
        """Wait *seconds*; call `heartbeat` and *check* every *every* seconds. An exception of either ends the wait."""
        start = self._clock.monotonic()
        while True:
            self._beat()
            check()
            left = seconds - (self._clock.monotonic() - start)
            if left <= 0:
                return
            self._clock.pause(min(every, left))
