"""`deploy`: plan, ask for approval, plan again under the lock, execute the plan."""

from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from mainstay.engine.runner import Runner
from mainstay.errors import FrontDoorLost, MainstayError, NotReady, StepFailed
from mainstay.history.summary import History
from mainstay.operations import plan as planning
from mainstay.operations.context import Context
from mainstay.operations.front_door import require_front_door
from mainstay.operations.history import history_of
from mainstay.operations.outcome import Outcome
from mainstay.operations.session import begin, holding, refuse_when_busy, refuse_when_unfinished, without_run
from mainstay.operations.start_live import Notices, Started, start_if_stopped, start_live
from mainstay.planning.plan import Plan
from mainstay.planning.staleness import differences
from mainstay.steps.fetch_artifact import Fetch


class Approve(Protocol):
    """Decides whether a plan is executed."""

    @property
    def verb(self) -> str:
        """The command as typed, without the program name: `up`, `deploy 2.1.0`."""
        ...

    @property
    def dry_run(self) -> bool:
        """Whether the plan is only shown; if so, nothing is started for it."""
        ...

    def __call__(self, plan: Plan) -> bool: ...


def deploy(
    context: Context,
    version: str | None = None,
    *,
    approve: Approve,
    runner: Runner,
    notices: Notices,
    plan_id: str | None = None,
) -> Outcome:
    """Make what the manifest declares, at *version*, live; on failure everything is rolled back.

    A stopped environment is started first, as far as it starts. Raises NotReady when the plan is declined or stale,
    LockHeld when another run is being executed or is unfinished, StepFailed when nothing changes and the live release
    does not run completely, and the engine's errors.
    """
    refuse_when_busy(context)
    # Plan first, so that bad input is refused before anything is started.
    plan = planning.kept(context, plan_id) if plan_id else planning.make(context, version)
    started = Started() if approve.dry_run else start_if_stopped(context, runner, notices)
    if started.acted and not plan_id:
        plan = planning.make(context, version)
    if plan.unchanged and not started.acted and not approve.dry_run:
        started = start_live(context, runner, notices)
    if started.failure and plan.unchanged:
        raise nothing_to_ship(started.failure, history_of(context))
    if started.failure:
        warn(started.failure, notices)
    outcome = ship(
        context,
        plan,
        lambda: planning.make(context, plan.version),
        approve=approve,
        runner=runner,
        started=started,
        afresh="plan" if plan_id else "",
    )
    return once_repaired(outcome, plan, context, runner, notices)


def ship(
    context: Context,
    plan: Plan,
    again: Callable[[], Plan],
    *,
    approve: Approve,
    runner: Runner,
    started: Started = Started(),  # noqa: B008 - immutable
    afresh: str = "",
) -> Outcome:
    """Ask for approval, take the lock, plan *again*, and execute the plan if it is unchanged.

    *started* is the result of the start that preceded it. *afresh* is the command that makes a new plan when the old
    one is stale; by default the command that was typed.
    """
    if not approve.dry_run:
        require_front_door(context, plan)
    if plan.unchanged:
        note = "\n".join(
            [*([] if started.acted else plan.notes[:1]), *(f"note: {each}" for each in plan.values.unused)]
        )
        return without_run(context, plan.kind, started.acted, started.took_s, note)
    if not approve(plan):
        raise NotReady(f"declined; {_touched(started)}", remedy=f"mainstay {approve.verb}", code="declined")
    with holding(context) as journal:
        refuse_when_unfinished(context)
        now = again()
        if now.id != plan.id:
            raise NotReady(
                f"the plan {plan.id} is stale: {'; '.join(differences(plan, now))}; {_touched(started)}",
                remedy=f"mainstay {afresh or approve.verb}, and read the new plan",
                code="stale",
            )
        return begin(replace(plan, declared=now.declared), journal, context, runner)


def once_repaired(outcome: Outcome, plan: Plan, context: Context, runner: Runner, notices: Notices) -> Outcome:
    """Return *outcome* once the services whose content *plan* repaired are running. Raises what prevents this."""
    if outcome.outcome == "released" and any(isinstance(step, Fetch) and step.repairs for _, step in plan.steps()):
        failure = start_live(context, runner, notices).failure
        if failure:
            raise nothing_to_ship(failure, history_of(context))
    return outcome


def warn(failure: MainstayError, notices: Notices) -> None:
    """Warn of an incomplete start. A lost front door is left to `ship`, which refuses the plan or repairs the edge."""
    if not isinstance(failure, FrontDoorLost):
        notices.warning(failure)


def nothing_to_ship(failure: MainstayError, past: History, *, kept: bool = False) -> MainstayError:
    """Return the error for a live release that does not run and that no deploy replaces; it lists all the remedies.

    *kept*: the operator chose that release although the manifest declares another one.
    """
    if not isinstance(failure, StepFailed):
        return failure
    ways = [f"{failure.remedy}, then fix the cause and type mainstay up"]
    if kept:
        ways.append("mainstay up --deploy to ship what the manifest declares")
    if len(past.served) > 1:
        ways.append("mainstay rollback")
    return StepFailed(failure.what, remedy="; or ".join(ways), code=failure.code)


def _touched(started: Started) -> str:
    if started.acted and started.live:
        return f"release {started.live.number} was started, and nothing else was changed"
    return "nothing was changed"
