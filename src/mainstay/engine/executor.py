"""The executor of the steps of a rank: runs them in parallel, in threads."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import NamedTuple, Protocol

from mainstay.errors import StepFailed
from mainstay.history.events import StepNumber
from mainstay.system.clock import Clock
from mainstay.system.disk_space import FULL, words

Task = Callable[[], str]
"""An action of a step, such as its `do`; it returns the evidence as text."""


class StepResult(NamedTuple):
    """The result of a step: its evidence, or the exception that it raised, and its duration in seconds."""

    step: StepNumber
    evidence: str
    took_s: float
    trouble: BaseException | None = None


class Executor(Protocol):
    """An executor: runs the actions of steps, at most `max_parallel` at a time, and returns the result of each."""

    @property
    def max_parallel(self) -> int: ...

    def send(self, step: StepNumber, task: Task) -> None:
        """Start *task* without waiting for it."""
        ...

    def wait(self) -> StepResult:
        """Wait for the next task to finish and return its result. Call only while a result is outstanding."""
        ...


class Threads:
    """Executes steps in parallel, each in its own daemon thread.

    The threads do not keep the process alive: after a second interrupt the process exits without waiting for them.
    """

    max_parallel = 8

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ended: SimpleQueue[StepResult] = SimpleQueue()

    def send(self, step: StepNumber, task: Task) -> None:
        threading.Thread(
            target=lambda: self._ended.put(run_task(step, task, self._clock)), name=f"step {step}", daemon=True
        ).start()

    def wait(self) -> StepResult:
        return self._ended.get()


def run_task(step: StepNumber, task: Task, clock: Clock) -> StepResult:
    """Execute *task* and return its result, never raising.

    A full disk becomes a StepFailed, an expected failure, after which the engine undoes the run.
    """
    began = clock.monotonic()
    try:
        return StepResult(step, task(), clock.monotonic() - began)
    except BaseException as trouble:  # noqa: BLE001 - raised again in the engine's thread
        if isinstance(trouble, OSError) and trouble.errno in FULL:
            trouble = StepFailed(words(trouble), remedy="make room (df -h)")
        return StepResult(step, "", clock.monotonic() - began, trouble)
