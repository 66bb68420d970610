"""The engine: executes a run from the step at which it stopped, forward or back."""

from typing import Literal

import msgspec

from mainstay.drivers.targets.target import RunTarget
from mainstay.drivers.world import RunWorld, World
from mainstay.engine import release_files
from mainstay.engine.forward import forward
from mainstay.engine.heartbeat import Heartbeat
from mainstay.engine.retry import retry
from mainstay.engine.run import Run, append
from mainstay.engine.runner import Runner
from mainstay.engine.undo import undo_steps
from mainstay.errors import BadInput, Interrupted, NotReady, Unreachable
from mainstay.history.events import Answered, Ended, Planned, Resumed, RunOutcome, StepNumber, UndoStarted
from mainstay.history.journal import Journal, Owner, Row
from mainstay.history.run_state import MOST_RESUMES, RunState, run_state
from mainstay.model.run_kind import run_kind
from mainstay.planning.plan import Plan
from mainstay.system.clock import Waiter
from mainstay.system.state_file import decoding


def begin(plan: Plan, world: World, journal: Journal, runner: Runner) -> RunOutcome:
    """Record *plan* in the journal as a new run, then execute it. Returns and raises what `resume` does.

    Raises InvariantBroken, and records nothing, when the plan breaks an invariant.
    """
    plan.check()
    run = journal.next_run()
    planned = Planned(
        kind=plan.kind,
        plan=msgspec.Raw(msgspec.json.encode(plan)),
        version=plan.version,
        release=plan.release.number,
        before=plan.before,
        rollback=plan.rollback,
        by=runner.by,
        steps=sum(1 for _ in plan.steps()),
        serves_after=plan.serves_after,
        new=run_kind(plan.kind).live == "new",
        data=plan.data,
        declared=plan.declared,
    )
    for row in append(journal, run, planned):
        runner.on_event(row)
    return resume(run, world, journal, runner)


def resume(identity: str, world: World, journal: Journal, runner: Runner) -> RunOutcome:
    """Resume a run at the step where it stopped, in its current direction, and return its outcome.

    A run that is over is not executed again; its recorded outcome is returned.
    Raises Parked when a person must decide, Interrupted when an interrupt was requested, and FenceRefused when a
    newer process has claimed the target. Any other exception is a crash. After each of them the run can be resumed.
    """
    with decoding(f"run {identity} in {world.folders.journal}", world.folders.state):
        run = Run(identity, journal, runner)
    if run.state.outcome is not None:
        return run.state.outcome
    fence = journal.sequence() + 1
    journal.set_owner(_owner(run, runner, world, fence))
    try:
        target = world.target.for_run(fence)
        _claim(run, world, target, runner, fence)
        release_files.keep(run, world)
        heartbeat = Heartbeat(run, target, world.clock, runner.interruption)
        return _finish(run, world.for_run(fence, Waiter(world.clock, heartbeat)), runner, heartbeat)
    finally:
        journal.clear_owner()


def request_undo(identity: str, journal: Journal, *, by: str, why: str) -> Row | None:
    """Record that a run is to be undone while no process executes it; `resume` then undoes it.

    Return the row that records this, or None if this was recorded before. Raises NotReady when the run has
    finished, and once a step has started that cannot be undone.
    """
    now = run_state(journal.rows(identity))
    if now.finished or now.planned is None:
        raise NotReady(f"run {identity} has already finished", remedy="mainstay history")
    require_undoable(now, remedy="mainstay resume, then mainstay rollback")
    return append(journal, identity, UndoStarted(by, why))[0] if now.direction == "forward" else None


def require_undoable(now: RunState, *, remedy: str) -> None:
    """Raise NotReady when a step has started that cannot be undone: from then on the run can only go forward."""
    if now.irreversible:
        raise NotReady(f"run {now.run} can no longer be undone; only cleanup remains", remedy=remedy)


def answer(
    identity: str, journal: Journal, step: StepNumber, as_: Literal["done", "undone"], *, because: str, by: str
) -> None:
    """Record a person's decision that the parked step counts as done or undone.

    Raises BadInput when *step* is not the parked step of the run.
    """
    parked = run_state(journal.rows(identity)).parked
    if parked is None or parked.step != step:
        waits = f"the run is parked at step {parked.step}" if parked and parked.step else "no step is parked"
        raise BadInput(f"step {step} of run {identity} is not parked: {waits}", remedy="mainstay status")
    append(journal, identity, Answered(step, as_, because, by))


def _owner(run: Run, runner: Runner, world: World, fence: int) -> Owner:
    return Owner(
        run=run.identity,
        who=runner.by,
        host=runner.host,
        pid=runner.pid,
        since=world.clock.now().isoformat(timespec="seconds"),
        message=f"{run.plan.kind} {run.plan.version}",
        fence=fence,
    )


def _claim(run: Run, world: World, target: RunTarget, runner: Runner, fence: int) -> None:
    """Claim the target with *fence*, so that it refuses every older process, then record the resume.

    No step may look at the target before this. Raises Parked when too many processes in a row died at the same step,
    or when the target stays unreachable.
    """
    now = run.state
    if now.crash_looping:
        where = f"at step {now.current}" if now.current else "between two steps"
        raise run.park(
            now.current,
            f"{MOST_RESUMES} processes in a row crashed {where}",
            "mainstay journal show, then mainstay resume to try again or mainstay abort to undo the run",
        )
    try:
        retry(world, target.claim)
    except Unreachable as reason:
        raise run.park(now.current, reason.what, reason.remedy or "mainstay resume") from reason
    run.write(Resumed(runner.by, runner.host, fence, runner.tool, now.current))


def _finish(run: Run, world: RunWorld, runner: Runner, heartbeat: Heartbeat) -> RunOutcome:
    outcome: RunOutcome = "released"
    try:
        if run.state.direction == "back" or not forward(run, world, runner, heartbeat):
            undo_steps(run, world, heartbeat)
            outcome = "undone"
    except Interrupted:
        run.flush()
        raise
    run.write(Ended(outcome))
    run.journal.checkpoint()
    return outcome
