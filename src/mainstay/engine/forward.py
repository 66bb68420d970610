"""Forward execution: rank after rank, until every step is done or the run starts to undo."""

from dataclasses import replace
from functools import partial
from itertools import chain, dropwhile

from mainstay.drivers.world import RunWorld
from mainstay.engine.heartbeat import Heartbeat
from mainstay.engine.rank import execute_rank
from mainstay.engine.retry import retry
from mainstay.engine.run import Rank, Run
from mainstay.engine.runner import Runner
from mainstay.errors import FenceRefused, Interrupted, MainstayError, Parked, UndoRequested
from mainstay.history.events import StepNumber, TrafficReverted
from mainstay.steps.step import Look, Step
from mainstay.system.clock import Waiter


def forward(run: Run, world: RunWorld, runner: Runner, heartbeat: Heartbeat) -> bool:
    """Execute the remaining ranks. Return True when every step is done, False when the run must now be undone.

    Raises Interrupted after reverting traffic (a second interrupt skips that), FenceRefused, and Parked. Once an
    irreversible step has started, a failure parks the run instead of undoing it.
    """
    try:
        _restore(run, world)
        for _, ranks in run.phases():
            for rank in ranks:
                # Before the point of no return a failure undoes the run; after it, only another attempt helps.
                execute = partial(execute_rank, rank, run, world, runner.executor, heartbeat)
                retry(world, execute, while_=lambda: run.state.irreversible)
    except Interrupted:
        if not runner.interruption.twice:
            _revert_traffic(run, world)
        raise
    except (FenceRefused, Parked):
        raise
    except UndoRequested as request:
        run.start_undo(runner.by, request.what)
        return False
    except MainstayError as failure:
        if run.state.irreversible:
            # The release has succeeded and only cleanup remains; undoing would restart instances that were stopped.
            raise run.park(run.state.current, failure.what, failure.remedy or "mainstay resume") from failure
        run.start_undo(runner.by, failure.what)
        return False
    return True


def _restore(run: Run, world: RunWorld) -> None:
    """Re-establish the state that an earlier process reached, before further steps depend on it."""
    if run.state.irreversible:
        return  # The retire steps ensure that the new release is live; the old one must not be restarted.
    traffic_steps = _last_traffic_steps(run)
    looks = (run.steps[number].look for number in traffic_steps if number in run.state.done)
    if any(retry(world, partial(look, world)) is not Look.PRESENT for look in looks):
        # Traffic was reverted while no process executed the run, so earlier observations prove nothing now.
        _record_revert(run, traffic_steps[0])
    for step in _last_done_of_each_kind(run):
        retry(world, partial(step.restore, world))


def _last_done_of_each_kind(run: Run) -> list[Step]:
    """Return, for each kind of step, the done steps of the last rank in which any step of that kind has started.

    Earlier ranks are left out because later ones have replaced their state.
    """
    last: dict[str, Rank] = {}
    for _, ranks in run.phases():
        for rank in ranks:
            started = [(number, step) for number, step in rank if number in run.state.started]
            last |= {
                kind: [each for each in started if each[1].kind == kind] for kind in {step.kind for _, step in started}
            }
    done = [number for rank in last.values() for number, _ in rank if number in run.state.done]
    return [step for _, step in run.ordered(frozenset(done))]


def _last_traffic_steps(run: Run) -> list[StepNumber]:
    """Return the started steps that move traffic, from the last phase that has any."""
    for _, ranks in reversed(run.phases()):
        steps = chain.from_iterable(ranks)
        if traffic_steps := [number for number, step in steps if step.moves_traffic and number in run.state.started]:
            return traffic_steps
    return []


def _revert_traffic(run: Run, world: RunWorld) -> None:
    """Revert traffic, so that no user stays on a release that no process observes.

    Do nothing once the run is irreversible.
    """
    traffic_steps = _last_traffic_steps(run)
    if not traffic_steps or run.state.irreversible:
        return
    _record_revert(run, traffic_steps[0])
    # Use a fresh waiter: the pending interrupt must not cut short the wait for the revert.
    quiet = replace(world, waiter=Waiter(world.clock))
    retry(quiet, lambda: run.steps[traffic_steps[-1]].revert_traffic(quiet))


def _record_revert(run: Run, first: StepNumber) -> None:
    """Mark every started step from *first* on as not done."""
    stage = next(phase.stage for phase, ranks in run.phases() if first in dict(chain.from_iterable(ranks)))
    after = dropwhile(lambda number: number != first, run.steps)
    run.write(TrafficReverted(stage or 0, tuple(number for number in after if number in run.state.started)))
