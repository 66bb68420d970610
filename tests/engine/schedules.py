"""Executes steps in parallel in an order that a seed decides: one thread runs at a time, until its next point."""

import random
import threading

from mainstay.engine.executor import StepResult, Task, run_task
from mainstay.history.events import StepNumber
from mainstay.system.clock import Clock


class SeededExecutor:
    """An executor whose threads take turns at points; the same seed gives the same order."""

    max_parallel = 8

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock = clock
        self._chance = chance
        self._turns: dict[StepNumber, threading.Semaphore] = {}
        self._ended: dict[StepNumber, StepResult] = {}
        self._yielded = threading.Semaphore(0)
        self._mine = threading.local()

    def send(self, step: StepNumber, task: Task) -> None:
        turn = self._turns[step] = threading.Semaphore(0)

        def act() -> None:
            self._mine.turn = turn
            turn.acquire()
            self._ended[step] = run_task(step, task, self._clock)
            self._yielded.release()

        threading.Thread(target=act, daemon=True).start()

    def wait(self) -> StepResult:
        while True:
            step = self._chance.choice(sorted(self._turns))
            self._turns[step].release()
            self._yielded.acquire()
            if step in self._ended:
                del self._turns[step]
                return self._ended.pop(step)

    def switch(self) -> None:
        """Let another thread run, if this is a thread of this executor."""
        turn = getattr(self._mine, "turn", None)
        if turn is not None:
            self._yielded.release()
            turn.acquire()
