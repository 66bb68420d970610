"""An executor that carries out the steps of a rank one after the other, in the caller's thread."""

from collections import deque

from mainstay.engine.executor import Deed, Report, report
from mainstay.history.events import StepNumber
from mainstay.system.clock import Clock


class Serial:
    """Obeys `Crew`: a step has ended when `send` returns."""

    room = 1

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ended: deque[Report] = deque()

    def send(self, step: StepNumber, deed: Deed) -> None:
        self._ended.append(report(step, deed, self._clock))

    def wait(self) -> Report:
        return self._ended.popleft()
