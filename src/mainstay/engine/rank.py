"""A rank: steps that execute in parallel; their results are recorded one by one, in the plan's order."""

from collections import deque
from functools import partial

from mainstay.drivers.world import RunWorld
from mainstay.engine.executor import Executor, StepResult
from mainstay.engine.heartbeat import Heartbeat, WaitEnded
from mainstay.engine.retry import PAUSES_S
from mainstay.engine.run import Rank, Run
from mainstay.errors import FenceRefused, Interrupted, MainstayError, UndoRequested, Unreachable
from mainstay.history.events import Done, Failed, Progress, Started, StepNumber
from mainstay.steps.step import Look, Step

STOPS = (Interrupted, UndoRequested, WaitEnded)
"""Exceptions that end a step without recording a result: the step counts as started and unfinished."""


def execute(rank: Rank, run: Run, world: RunWorld, executor: Executor, heartbeat: Heartbeat) -> None:
    """Execute every step of *rank* that is not done yet.

    After the first failure no further step starts, the waits of the running steps are cut short, and all of them are
    joined. Then their results are recorded, and the first failure in the plan's order is raised.
    """
    undone = [(number, step) for number, step in rank if number not in run.state.done]
    todo = deque((number, step) for number, step in undone if not _adopted(number, step, run, world))
    acting = _Acting(run, executor, heartbeat, [number for number, _ in todo])
    try:
        while todo and not acting.trouble:
            heartbeat()
            if acting.count == executor.max_parallel:
                acting.await_one()
            else:
                acting.send(*todo.popleft(), world)
        while acting.count:
            acting.await_one()
    finally:
        acting.join()
    acting.tell()


class _Acting:
    """The started steps of a rank and the results known so far."""

    def __init__(self, run: Run, executor: Executor, heartbeat: Heartbeat, order: list[StepNumber]) -> None:
        self._run = run
        self._crew = executor
        self._beat = heartbeat
        self._untold = deque(order)
        self._reports: dict[StepNumber, StepResult] = {}
        self.count = 0
        self.trouble = False

    def send(self, number: StepNumber, step: Step, world: RunWorld) -> None:
        self._run.write(Started(number, step.kind, step.title, step.reversible, step.timed_as))
        self._crew.send(number, partial(step.do, world.with_progress(partial(self._progress, number))))
        self.count += 1

    def await_one(self) -> None:
        self._take(self._crew.wait())
        if self.trouble:
            self._beat.end_waits()
        else:
            self._tell_done()

    def _take(self, result: StepResult) -> None:
        self.count -= 1
        self._reports[result.step] = result
        self.trouble = self.trouble or result.trouble is not None

    def join(self) -> None:
        """Wait until every step of the rank has finished; after a second interrupt, return without waiting."""
        self._beat.end_waits()
        while self.count and not self._beat.stop_now:
            self._take(self._crew.wait())
        self._beat.begin_waits()

    def tell(self) -> None:
        """Record the results not recorded yet, then raise the first failure in the plan's order.

        FenceRefused and crashes are raised at once, without recording. Failures precede interrupts and aborts.
        """
        troubles = [
            result.trouble for number in self._untold if (result := self._reports.get(number)) and result.trouble
        ]
        for trouble in troubles:
            if isinstance(trouble, FenceRefused) or not isinstance(trouble, MainstayError):
                raise trouble
        for number in self._untold:
            if number in self._reports:
                self._tell(self._reports[number])
        for trouble in sorted(troubles, key=lambda trouble: isinstance(trouble, STOPS)):
            if not isinstance(trouble, WaitEnded):
                raise trouble

    def _tell_done(self) -> None:
        while self._untold and (result := self._reports.get(self._untold[0])):
            self._untold.popleft()
            self._tell(result)

    def _tell(self, result: StepResult) -> None:
        match result.trouble:
            case None:
                self._run.write(Done(result.step, result.evidence, round(result.took_s, 3)))
            case Interrupted() | UndoRequested() | WaitEnded():
                pass
            case MainstayError() as failure:
                self._run.write(Failed(result.step, failure.what, failure.remedy))

    def _progress(self, number: StepNumber, what: str) -> None:
        self._run.write(Progress(number, what))


def _adopted(number: StepNumber, step: Step, run: Run, world: RunWorld) -> bool:
    """Return whether a started, unfinished step turns out to be done, and if so record it as done."""
    if number not in run.state.started:
        return False
    if _look(number, step, run, world) is not Look.PRESENT:
        return False
    run.write(Done(number, "already done", 0.0, adopted=True, title=step.title))
    return True


def _look(number: StepNumber, step: Step, run: Run, world: RunWorld) -> Look:
    """Look, with retries, until the state of the step is known. Raises Parked when it stays unknown."""
    why = "its state cannot be determined"
    for pause in (*PAUSES_S, None):
        try:
            if (found := step.look(world)) is not Look.UNKNOWN:
                return found
        except Unreachable as reason:
            why = reason.what
        if pause is not None:
            world.waiter.hold(pause, lambda: None)
    raise run.park(
        number,
        f"it is unknown whether step {number} ({step.title}) is done: {why}",
        f"mainstay resume, or mainstay resume --as done|undone {number} --because …",
    )
