"""`up`: finish an unfinished run, start the live release, deploy what the manifest declares if it has changed."""

from typing import Literal

from mainstay.engine.runner import Runner
from mainstay.errors import FrontDoorLost, FrontDoorTaken, MainstayError
from mainstay.history.summary import LiveRelease, Origin, RunSummary
from mainstay.model import Release
from mainstay.model.run_kind import run_kind
from mainstay.operations import plan as plans
from mainstay.operations.context import Context
from mainstay.operations.deploy import not_running, start_repaired, warn_of_start
from mainstay.operations.execute import Approve, execute
from mainstay.operations.history import history_of
from mainstay.operations.outcome import CommandOutcome
from mainstay.operations.session import open_journal, require_idle, without_run
from mainstay.operations.start_live import NOT_STARTED, Notices, StartResult, start_live
from mainstay.operations.unfinished import finish
from mainstay.planning.facts import document
from mainstay.planning.plan import Plan
from mainstay.planning.resolve import declares

Verdict = Literal["deploy", "same", "keep"]


def up(context: Context, *, approve: Approve, runner: Runner, notices: Notices, insist: bool = False) -> CommandOutcome:
    """Finish an unfinished run, start the live release, then deploy if the manifest has changed.

    A release that its last deploy rolled back is not deployed again as long as another one is live.

    If the unfinished run ends rolled back, the command ends once the live release has started. *insist*: deploy what
    the manifest declares even if it has not changed since another release was chosen. Raises StepFailed when the live
    release does not start and there is nothing to deploy instead, and FrontDoorLost when the edge does not serve.
    """
    require_idle(context, allow_unfinished=not approve.dry_run)
    finished = _finish_unfinished(context, runner)
    started = NOT_STARTED if approve.dry_run else start_live(context, runner, notices)
    if finished is not None and finished.outcome == "undone":
        if started.failure:
            notices.warning(started.failure)
        return finished
    if isinstance(started.failure, FrontDoorLost) and not isinstance(started.failure, FrontDoorTaken):
        raise started.failure  # A deploy would not repair this.
    plan = _planned(context, started, notices)
    past = history_of(context)
    live = document(past, past.live.number) if past.live else None
    undone = plans.undone_before(plan, past)
    found = verdict(plan, live, past.origin, undone=undone is not None, insist=insist)
    if started.failure and (plan.unchanged or found == "keep"):
        raise not_running(started.failure, past, kept=found == "keep")
    if found == "keep":
        assert past.live is not None
        assert past.origin is not None
        note = not_again(undone) if undone else why_kept(past.live, past.origin, plan)
        return without_run(context, "up", started.acted, started.took_s, note)
    if started.failure:
        warn_of_start(started.failure, notices)
    outcome = execute(context, plan, lambda: plans.make(context), approve=approve, runner=runner, started=started)
    start_repaired(outcome, plan, context, runner, notices)
    return outcome


def _finish_unfinished(context: Context, runner: Runner) -> CommandOutcome | None:
    """Finish the unfinished run and return its outcome; None if there is none."""
    if not history_of(context).unfinished:
        return None
    with open_journal(context) as journal:
        # Read it again under the lock, because `resume` or `abort` in another terminal may have finished it meanwhile.
        return finish(context, journal, runner) if history_of(context).unfinished else None


def verdict(plan: Plan, live: Release | None, origin: Origin | None, *, undone: bool = False, insist: bool) -> Verdict:
    """Return what `up` does with *plan*, which deploys the manifest. *origin* is the run that made *live* live.

    `same`: the live release is what the manifest declares, and *plan* repairs at most its content. `keep`: the last
    deploy of what the manifest declares was rolled back (*undone*), or an operator chose the live release by a rollback
    or by its version, and the manifest has not changed since. `deploy`: otherwise, and with *insist* instead of `keep`.
    """
    if declares(plan.release, live):
        return "same"
    if live is None or origin is None or insist:
        return "deploy"
    if undone:
        return "keep"
    chosen_otherwise = run_kind(origin.kind).live == "earlier" or live.version != plan.version
    return "keep" if chosen_otherwise and origin.declared == plan.declared else "deploy"


def not_again(undone: RunSummary) -> str:
    """Return that the last deploy of what the manifest declares was *undone*, and how to deploy it anyway."""
    return f"{plans.rolled_back_in(undone)}; `mainstay deploy` ships it again"


def why_kept(live: LiveRelease, origin: Origin, plan: Plan) -> str:
    """Return why the live release is kept, and how to deploy the manifest anyway."""
    return (
        f"release {live.number} ({live.version}) is live because {_reason(live, origin, plan)}; "
        "the manifest has not changed since. To ship it anyway: mainstay up --deploy"
    )


def _reason(live: LiveRelease, origin: Origin, plan: Plan) -> str:
    if run_kind(origin.kind).live != "earlier":
        return f"version {live.version} was deployed while the manifest declared {plan.version}"
    if origin.before is not None and origin.before < live.number:
        return f"`rollback` chose it over release {origin.before}"
    return f"release {origin.before} was rolled back"


def _planned(context: Context, started: StartResult, notices: Notices) -> Plan:
    try:
        return plans.make(context)
    except MainstayError:
        if started.failure:
            notices.warning(started.failure)
        elif started.acted and started.live:
            notices.progress(f"release {started.live.number} ({started.live.version}) was started, and is live")
        raise
