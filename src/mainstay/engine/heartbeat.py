"""The beat of a run: what it hears and says about once a second, in the middle of every wait."""

import threading

from mainstay.drivers.world import World
from mainstay.engine.interruption import Interruption
from mainstay.engine.run import Run
from mainstay.errors import MainstayError, TurnAsked, Unreachable
from mainstay.system.clock import BEAT_S


class WaitEnded(MainstayError):
    """Another step of the rank failed: waiting on would be in vain."""

    code = "wait-ended"


class Beat:
    """Called from any thread that waits. Raises what ends the wait; tells the target that the run still watches."""

    def __init__(self, run: Run, world: World, interruption: Interruption, fence: int) -> None:
        self._run = run
        self._world = world
        self._interruption = interruption
        self._fence = fence
        self._guard = threading.Lock()
        self._last = float("-inf")
        self._abort_asked = False
        self._ended = False

    def __call__(self) -> None:
        self._interruption.check()
        if self._ended:
            raise WaitEnded("another step failed")
        if self._due():
            self._listen()
            self._renew()
        if self._abort_asked and self._may_turn():
            raise TurnAsked("abort was requested")

    def end_waits(self) -> None:
        """Every wait ends at its next beat."""
        self._ended = True

    def begin_waits(self) -> None:
        """Waits are for the thing itself again."""
        self._ended = False

    @property
    def stop_now(self) -> bool:
        """Somebody asked twice."""
        return self._interruption.twice

    def _due(self) -> bool:
        with self._guard:
            now = self._world.clock.monotonic()
            due = now - self._last >= BEAT_S
            self._last = now if due else self._last
            return due

    def _listen(self) -> None:
        self._abort_asked = self._abort_asked or self._run.journal.abort_asked(self._run.identity)

    def _renew(self) -> None:
        if self._run.plan.kind == "down":
            return  # What guards the target ends with it, and is not to be woken by us.
        try:
            # Also before traffic has moved: a guard that was killed under us is brought back by it.
            self._world.target.renew(self._fence)
        except Unreachable:
            return  # It is told again in a second; unheard for too long, traffic goes home, as it should.

    def _may_turn(self) -> bool:
        now = self._run.standing
        return now.direction == "forward" and not now.beyond
