"""The heartbeat of a run: in every wait, it notifies the target and looks for an interrupt or a requested abort."""

import threading

from mainstay.drivers.targets.target import RunTarget
from mainstay.engine.interruption import Interruption
from mainstay.engine.run import Run
from mainstay.errors import MainstayError, UndoRequested, Unreachable
from mainstay.model.run_kind import run_kind
from mainstay.system.clock import HEARTBEAT_S, Clock

ABORT_CHECK_S = 0.1
"""Seconds between two checks whether an abort was requested: a person waits for it."""


class WaitEnded(MainstayError):
    """A wait was cut short because another step of the rank failed."""

    code = "wait-ended"


class Heartbeat:
    """A callable for every wait of a run, in any thread. It sends the target a heartbeat every HEARTBEAT_S seconds.

    A call raises Interrupted after an interrupt, WaitEnded when another step failed, and UndoRequested when an abort
    was requested while the run can still be undone.
    """

    def __init__(self, run: Run, target: RunTarget, clock: Clock, interruption: Interruption) -> None:
        self._run = run
        self._target = target
        self._interruption = interruption
        self._heartbeats = _Interval(clock, HEARTBEAT_S)
        self._abort_checks = _Interval(clock, ABORT_CHECK_S)
        self._aborted_by: str | None = None
        self._end_waits = False

    def __call__(self) -> None:
        self._interruption.check()
        if self._end_waits:
            raise WaitEnded("another step failed")
        if self._heartbeats.is_due():
            self._run.flush()
            self._send_heartbeat()
        if self._aborted_by is None and self._abort_checks.is_due():
            self._aborted_by = self._run.journal.abort_requested_by(self._run.identity)
        now = self._run.state
        if self._aborted_by is not None and now.direction == "forward" and not now.irreversible:
            raise UndoRequested(f"abort was requested by {self._aborted_by}")

    def end_waits(self) -> None:
        """End every wait at its next heartbeat."""
        self._end_waits = True

    def allow_waits(self) -> None:
        """Stop ending waits: later waits last as long as they need."""
        self._end_waits = False

    @property
    def stop_now(self) -> bool:
        """Whether a second interrupt was requested."""
        return self._interruption.twice

    def _send_heartbeat(self) -> None:
        if not run_kind(self._run.plan.kind).needs_running:
            return  # The supervisor stops with the environment, and a heartbeat would start it again.
        try:
            # Send it also before traffic has moved: it restarts a supervisor that was killed during the run.
            self._target.heartbeat()
        except Unreachable:
            return  # The next heartbeat follows in a second; if all fail for too long, the target reverts traffic.


class _Interval:
    """Limits how often something is done, whichever thread asks."""

    def __init__(self, clock: Clock, every_s: float) -> None:
        self._clock = clock
        self._every_s = every_s
        self._guard = threading.Lock()
        self._last = float("-inf")

    def is_due(self) -> bool:
        """Return whether *every_s* seconds have passed since the last time that this returned True."""
        with self._guard:
            now = self._clock.monotonic()
            due = now - self._last >= self._every_s
            self._last = now if due else self._last
            return due
