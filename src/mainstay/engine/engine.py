"""The engine: executes a run from the step at which it stopped, forward or back."""

from typing import Literal

import msgspec

from mainstay.drivers.world import World
from mainstay.engine import release_files
from mainstay.engine.executor import Threads
from mainstay.engine.forward import forward
from mainstay.engine.heartbeat import Beat
from mainstay.engine.interruption import Interruption
from mainstay.engine.retry import persistently
from mainstay.engine.run import Run, append
from mainstay.engine.runner import Carrier
from mainstay.engine.undo import back
from mainstay.errors import BadInput, NotReady, Unreachable
from mainstay.history.events import Answered, Ended, Outcome, Planned, Resumed, StepNumber, Turned
from mainstay.history.journal import Journal, Owner, Row
from mainstay.history.run_state import MOST_RESUMES, Standing, standing
from mainstay.planning.plan import Plan
from mainstay.system.clock import Patience

__all__ = ["Carrier", "Interruption", "Threads", "answer", "begin", "carry_on", "require_undoable", "turn_back"]


def begin(plan: Plan, world: World, journal: Journal, carrier: Carrier) -> Outcome:
    """Record *plan* in the journal as a new run, then execute it. Return and raise as `carry_on` does."""
    run = journal.next_run()
    planned = Planned(
        kind=plan.kind,
        plan=msgspec.Raw(msgspec.json.encode(plan)),
        version=plan.version,
        release=plan.release.number,
        before=plan.before,
        rollback=plan.rollback,
        by=carrier.by,
        steps=sum(1 for _ in plan.steps()),
        new=plan.kind == "deploy",
        data=plan.data,
        declared=plan.declared,
    )
    carrier.heard(append(journal, run, planned))
    return carry_on(run, world, journal, carrier)


def carry_on(identity: str, world: World, journal: Journal, carrier: Carrier) -> Outcome:
    """Resume a run at the step where it stopped, in its current direction, and return its outcome.

    A run that is over is not executed again; its recorded outcome is returned.
    Raises Parked when a person must decide, Interrupted when an interrupt was requested, and FenceRefused when a
    newer run has claimed the target. Any other exception is a crash. After each of them the run can be resumed.
    """
    run = Run(identity, journal, carrier)
    if run.standing.outcome is not None:
        return run.standing.outcome
    fence = journal.sequence() + 1
    journal.own(_owner(run, carrier, world, fence))
    try:
        _claim(run, world, carrier, fence)
        release_files.keep(run, world)
        return _finish(run, world, carrier, fence)
    finally:
        journal.disown()


def turn_back(identity: str, journal: Journal, *, by: str, why: str) -> Row | None:
    """Mark a run that no process is executing to be undone; resuming it then undoes it.

    Return the row that records this, or None when the run was already marked. Raises NotReady when the run is over,
    and once a step has started that cannot be undone.
    """
    now = standing(journal.rows(identity))
    if now.over or now.planned is None:
        raise NotReady(f"run {identity} is over", remedy="mainstay history")
    require_undoable(now, remedy="mainstay resume, then mainstay rollback")
    return append(journal, identity, Turned(by, why)) if now.direction == "forward" else None


def require_undoable(now: Standing, *, remedy: str) -> None:
    """Raise NotReady when a step has started that cannot be undone: from then on the run can only go forward."""
    if now.beyond:
        raise NotReady(f"run {now.run} can no longer be undone; only cleanup remains", remedy=remedy)


def answer(
    identity: str,
    journal: Journal,
    step: StepNumber,
    as_: Literal["done", "undone"],
    *,
    because: str,
    by: str,
) -> None:
    """Record a person's decision that the parked step counts as done or undone.

    Raises BadInput when *step* is not the parked step of the run.
    """
    parked = standing(journal.rows(identity)).parked
    if parked is None or parked.step != step:
        waits = f"it waits at {parked.step}" if parked and parked.step else "no step waits for a word"
        raise BadInput(f"step {step} of run {identity} is not parked: {waits}", remedy="mainstay status")
    append(journal, identity, Answered(step, as_, because, by))


def _owner(run: Run, carrier: Carrier, world: World, fence: int) -> Owner:
    return Owner(
        run=run.identity,
        who=carrier.by,
        host=carrier.host,
        pid=carrier.pid,
        since=world.clock.now().isoformat(timespec="seconds"),
        message=f"{run.plan.kind} {run.plan.version}",
        fence=fence,
    )


def _claim(run: Run, world: World, carrier: Carrier, fence: int) -> None:
    """Claim the target with *fence*, so that it refuses every older run, then record the resume.

    No step may look at the target before this. Raises Parked when too many processes in a row died at the same step,
    or when the target stays unreachable.
    """
    now = run.standing
    if now.stuck:
        raise run.park(
            now.current,
            f"{MOST_RESUMES} processes in a row died at step {now.current}",
            "mainstay journal show, then mainstay resume to try again or mainstay abort to go back",
        )
    try:
        persistently(world, lambda: world.target.claim(fence))
    except Unreachable as reason:
        raise run.park(now.current, reason.what, reason.remedy or "mainstay resume") from reason
    run.write(Resumed(carrier.by, carrier.host, fence, carrier.tool, now.current))


def _finish(run: Run, world: World, carrier: Carrier, fence: int) -> Outcome:
    beat = Beat(run, world, carrier.interruption, fence)
    world = world.claimed(fence, Patience(world.clock, beat))
    outcome: Outcome = "released"
    if run.standing.direction == "back" or not forward(run, world, carrier, beat):
        back(run, world, beat)
        outcome = "undone"
    run.write(Ended(outcome))
    run.journal.settle()
    return outcome
