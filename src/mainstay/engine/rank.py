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


def execute_rank(rank: Rank, run: Run, world: RunWorld, executor: Executor, heartbeat: Heartbeat) -> None:
    """Execute every step of *rank* that is not done yet.

    After the first failure no further step starts, and the waits of the running steps are cut short. Once these steps
    have ended, their results are recorded, and the first failure in the plan's order is raised.
    """
    todo = deque[tuple[StepNumber, Step]]()
    for number, step in rank:
        if number not in run.state.done and not _adopt_if_done(number, step, run, world):
            todo.append((number, step))
    running = _Running(run, executor, heartbeat, [number for number, _ in todo])
    try:
        while todo and not running.failed:
            heartbeat()
            if running.count == executor.max_parallel:
                running.await_result()
            else:
                running.start(*todo.popleft(), world)
        while running.count:
            running.await_result()
    finally:
        running.join()
    running.record_and_raise()


class _Running:
    """The started steps of a rank and the results known so far."""

    def __init__(self, run: Run, executor: Executor, heartbeat: Heartbeat, order: list[StepNumber]) -> None:
        self._run = run
        self._executor = executor
        self._heartbeat = heartbeat
        self._unrecorded = deque(order)
        self._results: dict[StepNumber, StepResult] = {}
        self.count = 0
        self.failed = False

    def start(self, number: StepNumber, step: Step, world: RunWorld) -> None:
        self._run.write(Started(number, step.kind, step.title, step.reversible, step.timed_as))
        with_progress = world.with_progress(
            lambda what: self._run.write(Progress(number, what)), partial(self._run.show, number)
        )
        self._executor.send(number, partial(step.do, with_progress))
        self.count += 1

    def await_result(self) -> None:
        self._run.flush()
        self._take_result()
        if self.failed:
            self._heartbeat.end_waits()
            return
        while self._unrecorded and (result := self._results.get(self._unrecorded[0])):
            self._unrecorded.popleft()
            self._record(result)

    def join(self) -> None:
        """Wait until every step of the rank has finished; after a second interrupt, return without waiting."""
        self._heartbeat.end_waits()
        while self.count and not self._heartbeat.stop_now:
            self._take_result()
        self._heartbeat.allow_waits()

    def record_and_raise(self) -> None:
        """Record the results not recorded yet, then raise the first failure in the plan's order.

        FenceRefused and crashes are raised at once, without recording. Failures precede interrupts and aborts.
        """
        results = [self._results[number] for number in self._unrecorded if number in self._results]
        troubles = [result.trouble for result in results if result.trouble]
        for trouble in troubles:
            if isinstance(trouble, FenceRefused) or not isinstance(trouble, MainstayError):
                raise trouble
        for result in results:
            self._record(result)
        for trouble in sorted(troubles, key=lambda trouble: isinstance(trouble, STOPS)):
            if not isinstance(trouble, WaitEnded):
                raise trouble

    def _take_result(self) -> None:
        result = self._executor.wait()
        self.count -= 1
        self._results[result.step] = result
        self.failed = self.failed or result.trouble is not None

    def _record(self, result: StepResult) -> None:
        match result.trouble:
            case None:
                self._run.postpone(Done(result.step, result.evidence, round(result.took_s, 3)))
            case MainstayError() as failure if not isinstance(failure, STOPS):
                self._run.write(Failed(result.step, failure.what, failure.remedy))


def _adopt_if_done(number: StepNumber, step: Step, run: Run, world: RunWorld) -> bool:
    """Record a step that an earlier process started as done if its state is present. Return whether it is."""
    if number not in run.state.started:
        return False
    run.flush()
    if _look(number, step, run, world) is not Look.PRESENT:
        return False
    run.write(Done(number, "already done", 0.0, adopted=True, title=step.title))
    return True


def _look(number: StepNumber, step: Step, run: Run, world: RunWorld) -> Look:
    """Return the step's look, with retries until its state is known. Raises Parked when it stays unknown."""
    why = "its state cannot be determined"
    for pause in (*PAUSES_S, None):
        try:
            if (found := step.look(world)) is not Look.UNKNOWN:
                return found
        except Unreachable as reason:
            why = reason.what
        if pause is not None:
            world.waiter.pause_checking(pause, lambda: None)
    raise run.park(
        number,
        f"it is unknown whether step {number} ({step.title}) is done: {why}",
        f"mainstay resume, or mainstay resume --as done|undone {number} --because …",
    )
