"""The heartbeat of a run: in every wait, it notifies the target and looks for an interrupt or a requested abort."""

import threading

from mainstay.drivers.targets.target import RunTarget
from mainstay.engine.interruption import Interruption
from mainstay.engine.run import Run
from mainstay.errors import MainstayError, UndoRequested, Unreachable
from mainstay.model.run_kind import run_kind
from mainstay.system.clock import HEARTBEAT_S, Clock


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
        self._clock = clock
        self._interruption = interruption
        self._guard = threading.Lock()
        self._last = float("-inf")
        self._aborted_by: str | None = None
        self._end_waits = False

    def __call__(self) -> None:
        self._interruption.check()
        if self._end_waits:
            raise WaitEnded("another step failed")
        if self._due():
            self._run.flush()
            if self._aborted_by is None:
                self._aborted_by = self._run.journal.abort_requested_by(self._run.identity)
            self._send_heartbeat()
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

    def _due(self) -> bool:
        with self._guard:
            now = self._clock.monotonic()
            due = now - self._last >= HEARTBEAT_S
            self._last = now if due else self._last
            return due

    def _send_heartbeat(self) -> None:
        if not run_kind(self._run.plan.kind).needs_running:
            return  # The supervisor stops with the environment, and a heartbeat would start it again.
        try:
            # Send it also before traffic has moved: it restarts a supervisor that was killed during the run.
            self._target.heartbeat()
        except Unreachable:
            return  # The next heartbeat follows in a second; if all fail for too long, the target reverts traffic.
