"""Execute a plan of `deploy`, `up`, `rollback` or `down`: ask for approval, take the lock, plan again, run it."""

from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from mainstay.engine.runner import Runner
from mainstay.errors import NotReady
from mainstay.operations.context import Context
from mainstay.operations.front_door import require_front_door
from mainstay.operations.outcome import CommandOutcome
from mainstay.operations.session import begin, open_journal, require_no_unfinished_run, without_run
from mainstay.operations.start_live import NOT_STARTED, StartResult
from mainstay.planning.plan import Plan
from mainstay.planning.staleness import differences


class Approve(Protocol):
    """Decides whether a plan is executed."""

    verb: str
    """The command as typed, without the program name: `up`, `deploy 2.1.0`."""
    dry_run: bool
    """Whether the plan is only shown; if so, nothing is started for it."""

    def __call__(self, plan: Plan) -> bool: ...


def execute(
    context: Context,
    plan: Plan,
    plan_again: Callable[[], Plan],
    *,
    approve: Approve,
    runner: Runner,
    started: StartResult = NOT_STARTED,
    new_plan: str = "",
) -> CommandOutcome:
    """Ask for approval, take the lock, call *plan_again*, and execute *plan* if the new plan is the same.

    A plan that changes nothing is not executed. *started* is the result of the preceding start of the live release.
    *new_plan* is the command that makes a new plan if this one is stale; empty: the command that was typed. Raises
    NotReady when the plan is declined or stale, FrontDoorLost when the edge does not serve, LockHeld when another run
    holds the lock or is unfinished.
    """
    if not approve.dry_run:
        require_front_door(context, plan)
    if plan.unchanged:
        notes = [*([] if started.acted else plan.notes[:1]), *(f"note: {each}" for each in plan.values.unused)]
        return without_run(context, plan.kind, started.acted, started.took_s, "\n".join(notes))
    if not approve(plan):
        raise NotReady(f"declined; {_changed_by(started)}", remedy=f"mainstay {approve.verb}", code="declined")
    with open_journal(context) as journal:
        require_no_unfinished_run(context)
        now = plan_again()
        require_same(plan, now, command=new_plan or approve.verb, started=started)
        return begin(replace(plan, declared=now.declared), journal, context, runner)


def require_same(plan: Plan, now: Plan, *, command: str, started: StartResult = NOT_STARTED) -> None:
    """Raise NotReady, naming the differences, when *now*, the plan made again, is not the same as *plan*.

    The error suggests *command* to make a new plan. *started* is the result of the preceding start, which
    the error mentions.
    """
    if now.id != plan.id:
        raise stale(plan, f"{'; '.join(differences(plan, now))}; {_changed_by(started)}", command)


def stale(plan: Plan, why: str, command: str) -> NotReady:
    """Return the error for a stale plan: *why* it is stale, and as the remedy the *command* that makes a new plan."""
    remedy = f"mainstay {command}, and read the new plan"
    return NotReady(f"the plan {plan.id} is stale: {why}", remedy=remedy, code="stale")


def _changed_by(started: StartResult) -> str:
    if started.acted and started.live:
        return f"release {started.live.number} was started, and nothing else was changed"
    return "nothing was changed"
