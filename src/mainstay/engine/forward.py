"""Forward: rank after rank until every step is done, or until the run turns."""

from collections.abc import Container
from dataclasses import replace
from functools import partial
from itertools import chain

from mainstay.clock import Patience
from mainstay.engine.backoff import persistently
from mainstay.engine.beat import Beat
from mainstay.engine.carrier import Carrier
from mainstay.engine.rank import carry_out
from mainstay.engine.run import Rank, Run
from mainstay.errors import FenceRefused, Interrupted, MainstayError, Parked, TurnAsked
from mainstay.events import StepNumber, Withdrawn
from mainstay.steps.step import Look, Step
from mainstay.world import World


def forward(run: Run, world: World, carrier: Carrier, beat: Beat) -> bool:
    """True when every step is done; False when the run has turned."""
    try:
        _take_up(run, world)
        for _, ranks in run.phases():
            for rank in ranks:
                _through(rank, run, world, carrier, beat)
    except Interrupted:
        if not carrier.interruption.twice:
            _withdraw(run, world)
        raise
    except (FenceRefused, Parked):
        raise
    except TurnAsked as asked:
        run.turn("abort", asked.what)
        return False
    except MainstayError as failure:
        if run.standing.beyond:
            # The release has succeeded; only tidying is left, and going back would start what was stopped.
            raise run.park(run.standing.current, failure.what, failure.remedy or "mainstay resume") from failure
        run.turn(carrier.by, failure.what)
        return False
    return True


def _through(rank: Rank, run: Run, world: World, carrier: Carrier, beat: Beat) -> None:
    persistently(
        world,
        lambda: carry_out(rank, run, world, carrier.crew, beat),
        worth=lambda: run.standing.beyond,
    )


def _take_up(run: Run, world: World) -> None:
    """What an earlier process brought about holds again before anything builds on it."""
    if run.standing.beyond:
        return  # What retires makes sure by itself that the new release serves; the old one must not start again.
    moved = _moved(run, run.standing.done)
    if moved and persistently(world, lambda: run.steps[moved].look(world)) is not Look.PRESENT:
        # Traffic went home while nobody watched: what was observed before is no proof of what comes.
        _reopen(run, moved)
    for step in _last_of_each_kind(run):
        persistently(world, partial(step.hold, world))


def _last_of_each_kind(run: Run) -> list[Step]:
    """Of each kind of step the done ones of the last phase that has any: earlier stages are passed."""
    last: dict[type[Step], list[Step]] = {}
    for _, ranks in run.phases():
        for_phase: dict[type[Step], list[Step]] = {}
        for number, step in chain.from_iterable(ranks):
            if number in run.standing.done:
                for_phase.setdefault(type(step), []).append(step)
        last |= for_phase
    kept = list(chain.from_iterable(last.values()))
    return [step for step in run.steps.values() if any(step is one for one in kept)]


def _withdraw(run: Run, world: World) -> None:
    """Nobody is left on a release that no one observes."""
    moved = _moved(run, run.standing.begun)
    if moved is None or run.standing.beyond:
        return
    _reopen(run, moved)
    # The wait for the way home is not ended by what asked for it.
    quiet = replace(world, patience=Patience(world.clock))
    persistently(quiet, lambda: run.steps[moved].withdraw(quiet))


def _moved(run: Run, among: Container[StepNumber]) -> StepNumber | None:
    """The newest step of *among* that moves traffic."""
    return next((n for n, step in reversed(run.steps.items()) if step.moves_traffic and n in among), None)


def _reopen(run: Run, moved: StepNumber) -> None:
    """From *moved* on, what was begun counts as not done."""
    after = list(run.steps)[list(run.steps).index(moved) :]
    stage = next(phase.stage for phase, ranks in run.phases() if moved in dict(chain.from_iterable(ranks)))
    run.write(Withdrawn(stage or 0, tuple(number for number in after if number in run.standing.begun)))
