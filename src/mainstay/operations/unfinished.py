"""`resume`: finish the unfinished run, also its rollback if one has begun. `abort`: roll the unfinished run back.

The manifest is not read.
"""

from typing import Literal

from msgspec.structs import replace

from mainstay.engine import engine
from mainstay.engine.runner import Runner
from mainstay.errors import BadInput, LockHeld, NotReady
from mainstay.history.journal import Journal
from mainstay.history.run_state import run_state
from mainstay.model.run_kind import run_kind
from mainstay.operations.context import Context
from mainstay.operations.history import history_of, journal_reader
from mainstay.operations.outcome import CommandOutcome
from mainstay.operations.session import execute_run, open_journal, outcome_now
from mainstay.system.clock import SystemClock, Waiter
from mainstay.system.file_lock import Lock

LONGEST_WAIT_S = 900.0


def resume(
    context: Context, answer: tuple[Literal["done", "undone"], str] | None = None, because: str = "", *, runner: Runner
) -> CommandOutcome:
    """Finish the unfinished run and return its outcome.

    *answer* is the operator's decision whether a parked step is done or undone, with the step's number; *because* is
    the reason for it. Raises BadInput when no run is unfinished or *answer* names a step that is not parked, LockHeld
    when another process holds the lock, and the engine's errors.
    """
    context.stored()
    with open_journal(context) as journal:
        if answer is not None:
            as_, step = answer
            engine.answer(unfinished(context), journal, step, as_, because=because, by=runner.by)
        return finish(context, journal, runner)


def abort(context: Context, *, runner: Runner) -> CommandOutcome:
    """Roll back the unfinished run. If another process executes the run, request the abort from it and wait.

    Raises NotReady once a step has started that cannot be undone (it retires revisions, stops the environment or
    removes data), or when the run has completed first; BadInput when no run is unfinished; LockHeld when the process
    that holds the lock executes no run; and the engine's errors.
    """
    context.stored()
    try:
        with open_journal(context) as journal:
            run = unfinished(context)
            undoing = engine.request_undo(run, journal, by=runner.by, why=f"abort was requested by {runner.by}")
            if undoing is not None:
                runner.on_event(undoing)
            return replace(finish(context, journal, runner), wanted="undone")
    except LockHeld:
        return _abort_in_holder(context, runner)


def finish(context: Context, journal: Journal, runner: Runner) -> CommandOutcome:
    """Finish the unfinished run; the caller holds the lock."""
    run = unfinished(context)
    world = context.world(context.stored())
    return execute_run(context, world, lambda: engine.resume(run, world, journal, runner))


def unfinished(context: Context) -> str:
    """Return the id of the unfinished run. Raises BadInput, naming the last runs, when there is none."""
    past = history_of(context)
    if past.unfinished is None:
        last = ", ".join(f"{run.run} ({run.ended})" for run in past.runs[:3]) or "none yet"
        raise BadInput(f"no run is unfinished; last runs: {last}", remedy="mainstay status", code="nothing-unfinished")
    return past.unfinished


def _abort_in_holder(context: Context, runner: Runner) -> CommandOutcome:
    reader = journal_reader(context)
    owner = reader.owner()
    if owner is None or not reader.request_abort(owner.run, runner.by):
        raise LockHeld("another command holds the lock and is starting or ending", remedy="mainstay abort")
    now = run_state(reader.rows(owner.run))
    engine.require_undoable(now, remedy="wait for its end (mainstay status --watch), then mainstay rollback")
    lock, end = Lock(context.folders.lock), f"the end of run {owner.run}"
    Waiter(SystemClock()).wait_until(lock.is_free, within=LONGEST_WAIT_S, waiting_for=end, remedy="mainstay status")
    for row in reader.rows(owner.run):
        # The process that executes the run shows its steps; here, only the start of the rollback is shown.
        if row.name == "undo-started":
            runner.on_event(row)
    past = next(run for run in history_of(context).runs if run.run == owner.run)
    if past.outcome == "released":
        remedy = "mainstay rollback" if run_kind(past.kind).needs_running else "mainstay start"
        raise NotReady(f"run {owner.run} was {past.ended} before the abort took effect", remedy=remedy)
    ended = outcome_now(context, context.target(context.stored()), past.kind, "undone", past.took_s)
    return replace(ended, run=owner.run, url="", wanted="undone")
