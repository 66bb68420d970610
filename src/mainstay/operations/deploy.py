"""`deploy`: plan, start a stopped environment, ask for approval, execute the plan."""

from mainstay.engine.runner import Runner
from mainstay.errors import BadInput, FrontDoorLost, MainstayError, StepFailed
from mainstay.history.summary import History
from mainstay.operations import plan as plans
from mainstay.operations.context import Context
from mainstay.operations.execute import Approve, execute, require_same, stale
from mainstay.operations.history import history_of
from mainstay.operations.manifest import manifest_of
from mainstay.operations.outcome import CommandOutcome
from mainstay.operations.session import require_idle
from mainstay.operations.start_live import NOT_STARTED, Notices, start_live
from mainstay.planning.plan import Plan
from mainstay.steps.fetch_artifact import FetchArtifact


def deploy(
    context: Context,
    version: str | None = None,
    *,
    approve: Approve,
    runner: Runner,
    notices: Notices,
    plan_id: str | None = None,
) -> CommandOutcome:
    """Deploy what the manifest declares, at *version*; None: at its own version. A run that fails is rolled back.

    *plan_id*: execute this stored plan instead. A stopped environment is started first; if a service does not start,
    the command only warns, unless the plan changes nothing. Raises NotReady when the plan is declined or stale,
    LockHeld when another run is being executed or is unfinished, StepFailed when the plan changes nothing or the run
    has repaired content, and the live release does not run completely, FrontDoorLost when the edge does not serve, and
    the engine's errors.
    """
    require_idle(context)
    # Plan first, so that bad input is refused before anything is started.
    plan = _fresh(context, plan_id) if plan_id else plans.make(context, version)
    started = NOT_STARTED if approve.dry_run else start_live(context, runner, notices, only_if_stopped=True)
    if started.acted and not plan_id:  # The start has changed what the plan depends on.
        plan = plans.make(context, version)
    if plan.unchanged and not started.acted and not approve.dry_run:  # There is nothing to deploy: start what stopped.
        started = start_live(context, runner, notices)
    if started.failure:
        if plan.unchanged:
            raise not_running(started.failure, history_of(context))
        warn_of_start(started.failure, notices)
    outcome = execute(
        context,
        plan,
        lambda: plans.make(context, plan.version),
        approve=approve,
        runner=runner,
        started=started,
        new_plan="plan" if plan_id else "",
    )
    start_repaired(outcome, plan, context, runner, notices)
    return outcome


def _fresh(context: Context, plan_id: str) -> Plan:
    """Return the stored plan. Raises NotReady when it is stale, before it is shown for approval."""
    plan = plans.kept(context, plan_id)
    try:
        now = plans.make(context, plan.version)
    except BadInput as error:
        if error.code != "version-fixed":
            raise
        version = manifest_of(context).version
        why = f"the manifest's version: {plan.version} → {version}; nothing was changed"
        raise stale(plan, why, "plan") from None
    require_same(plan, now, command="plan")
    return plan


def start_repaired(outcome: CommandOutcome, plan: Plan, context: Context, runner: Runner, notices: Notices) -> None:
    """Start the live release if the run of *plan* has repaired the content of one of its services.

    Raises StepFailed when a service does not start, and FrontDoorLost when the edge does not serve.
    """
    if outcome.outcome == "released" and any(
        isinstance(step, FetchArtifact) and step.repairs for _, step in plan.steps()
    ):
        failure = start_live(context, runner, notices).failure
        if failure:
            raise not_running(failure, history_of(context))


def warn_of_start(failure: MainstayError, notices: Notices) -> None:
    """Show *failure*, the error of a start, as a warning.

    A lost front door is not shown: `execute` refuses the plan with this error, unless the plan repairs the edge.
    """
    if not isinstance(failure, FrontDoorLost):
        notices.warning(failure)


def not_running(failure: MainstayError, past: History, *, kept: bool = False) -> MainstayError:
    """Return *failure*, the error of a start of the live release, with more remedies if it is a StepFailed.

    None of the remedies deploys the same content again, because that would change nothing. *kept*: an operator chose
    the live release although the manifest declares another one, so deploying the manifest is a remedy.
    """
    if not isinstance(failure, StepFailed):
        return failure
    remedies = [f"{failure.remedy}, then fix the cause and type mainstay up"]
    if kept:
        remedies.append("mainstay up --deploy to ship what the manifest declares")
    if len(past.served) > 1:
        remedies.append("mainstay rollback")
    return StepFailed(failure.what, remedy="; or ".join(remedies), code=failure.code)
