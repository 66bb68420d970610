"""`resume`: finish an unfinished run, in the direction it was going; the manifest is not read."""

from typing import Literal

from mainstay.engine import engine
from mainstay.engine.runner import Runner
from mainstay.errors import BadInput
from mainstay.history.journal import Journal
from mainstay.operations.context import Context
from mainstay.operations.history import history_of
from mainstay.operations.outcome import Outcome
from mainstay.operations.session import execute_run, open_journal


def resume(
    context: Context, answer: tuple[Literal["done", "undone"], str] | None = None, because: str = "", *, runner: Runner
) -> Outcome:
    """Finish the unfinished run and return its outcome: released or rolled back.

    *answer* is an operator's decision about a parked step, and *because* its reason.

    Raises BadInput when there is none, and the engine's errors."""
    context.stored()
    with open_journal(context) as journal:
        if answer is not None:
            as_, step = answer
            engine.answer(unfinished(context), journal, step, as_, because=because, by=runner.by)
        return finish(context, journal, runner)


def finish(context: Context, journal: Journal, runner: Runner) -> Outcome:
    """Finish the unfinished run; the caller holds the lock."""
    run = unfinished(context)
    world = context.world(context.stored())
    return execute_run(context, world, lambda: engine.resume(run, world, journal, runner))


def unfinished(context: Context) -> str:
    """Return the unfinished run. Raises BadInput, naming the last runs, when there is none."""
    past = history_of(context)
    if past.unfinished is None:
        last = ", ".join(f"{run.run} ({run.ended})" for run in past.runs[:3]) or "none yet"
        raise BadInput(f"no run is unfinished; last runs: {last}", remedy="mainstay status", code="nothing-unfinished")
    return past.unfinished
