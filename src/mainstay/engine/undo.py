"""Undo: reverses the started steps, last first, until the state before the run is restored."""

from functools import partial

from mainstay.drivers.world import RunWorld
from mainstay.engine.heartbeat import Heartbeat
from mainstay.engine.retry import retry
from mainstay.engine.run import Run
from mainstay.errors import FenceRefused, Interrupted, MainstayError, Parked
from mainstay.history.events import Failed, Progress, StepNumber, Undoing, Undone
from mainstay.steps.step import Step


def undo_steps(run: Run, world: RunWorld, heartbeat: Heartbeat) -> None:
    """Undo every started step in the reverse order of the plan. Raises Parked when a step cannot be undone."""
    for number, step in reversed(run.ordered(run.state.started)):
        heartbeat()
        _undo(number, step, run, world)


def _undo(number: StepNumber, step: Step, run: Run, world: RunWorld) -> None:
    run.write(Undoing(number, step.title))
    with_progress = world.with_progress(lambda what: run.write(Progress(number, what)), partial(run.show, number))
    try:
        evidence = retry(world, partial(step.undo, with_progress))
    except (FenceRefused, Interrupted):
        raise
    except Parked as parked:
        raise run.park(number, parked.what, parked.remedy) from parked
    except MainstayError as failure:
        run.write(Failed(number, failure.what, failure.remedy))
        raise run.park(
            number,
            f"step {number} ({step.title}) could not be undone: {failure.what}",
            failure.remedy or f"mainstay resume, or mainstay resume --as undone {number} --because …",
        ) from failure
    run.postpone(Undone(number, evidence))
