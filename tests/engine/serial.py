"""An executor that runs the steps of a rank one after the other, in the caller's thread."""

from collections import deque

from mainstay.engine.executor import StepResult, Task, run_task
from mainstay.history.events import StepNumber
from mainstay.system.clock import Clock


class SerialExecutor:
    """Implements `Executor`: a step has ended when `send` returns."""

    max_parallel = 1

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ended: deque[StepResult] = deque()

    def send(self, step: StepNumber, task: Task) -> None:
        self._ended.append(run_task(step, task, self._clock))

    def wait(self) -> StepResult:
        return self._ended.popleft()
