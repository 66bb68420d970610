"""`rollback`: make an earlier release live again. Mistakes in the manifest and failing checks do not block it."""

from functools import partial

from mainstay.engine.runner import Runner
from mainstay.errors import BadInput
from mainstay.history.summary import History
from mainstay.operations import plan
from mainstay.operations.context import Context
from mainstay.operations.execute import Approve, execute
from mainstay.operations.history import history_of
from mainstay.operations.outcome import CommandOutcome
from mainstay.operations.retention import kept
from mainstay.operations.session import require_idle
from mainstay.operations.start_live import NOT_STARTED, Notices, start_live
from mainstay.planning import rollback as planned
from mainstay.planning.facts import document, look
from mainstay.planning.plan import Plan


def rollback(
    context: Context, to: int | None = None, *, approve: Approve, runner: Runner, notices: Notices
) -> CommandOutcome:
    """Make release *to* live again; by default the release that was live before the current one.

    A stopped environment is started first. A service that does not start is a warning, because the live release may be
    the reason for the rollback. Raises BadInput when *to* cannot be rolled back to, NotReady when the plan is declined
    or stale, LockHeld when another run is being executed or is unfinished, and the engine's errors.
    """
    context.stored()
    require_idle(context)
    number = to if to is not None else _before(history_of(context))
    make(context, number)  # A release that cannot be rolled back to is refused before anything is started.
    started = NOT_STARTED if approve.dry_run else start_live(context, runner, notices, only_if_stopped=True)
    if started.failure:
        notices.warning(started.failure)
    make_plan = partial(make, context, number, plan.declared_now(context))
    return execute(context, make_plan(), make_plan, approve=approve, runner=runner, started=started)


def make(context: Context, to: int, declared: str = "") -> Plan:
    """Return the plan that rolls back to release *to*; *declared* is the fingerprint of what the manifest declares now.

    Raises BadInput when *to* was never live or is no longer kept.
    """
    past = history_of(context)
    if to not in past.served:
        known = ", ".join(str(number) for number in sorted(past.served)) or "none yet"
        what = f"release {to} was never live; those that were: {known}"
        raise BadInput(what, remedy="mainstay history", code="no-such-release")
    stays = kept(past).releases
    if to not in stays:
        what = f"release {to} is no longer kept; those that are: {', '.join(str(number) for number in sorted(stays))}"
        raise BadInput(what, remedy="deploy its version again", code="release-gone")
    world = context.world(context.stored())
    found = document(past, to)
    return planned.rollback(found, look(world, past), declared=declared, rolled_back_at=past.rolled_back.get(to, ""))


def _before(past: History) -> int:
    """Return the release that was live before the current one. Raises BadInput when there is none."""
    earlier = [number for number in past.served if past.live and number != past.live.number]
    if earlier:
        return earlier[0]
    what = "there is no earlier release to go back to"
    raise BadInput(what, remedy="fix the source and type mainstay up", code="no-such-release")
