"""`deploy`: plan, ask, look again, ship."""

from collections.abc import Callable

from msgspec.structs import replace

from mainstay.engine import Carrier
from mainstay.errors import NotReady
from mainstay.operations import plan as planning
from mainstay.operations.carrying import begin, holding, nothing_to_do, refuse_when_busy, refuse_when_unfinished
from mainstay.operations.context import Context
from mainstay.operations.front_door import require_front_door
from mainstay.operations.outcome import Outcome
from mainstay.operations.waking import refuse_when_asleep
from mainstay.plan import Plan
from mainstay.plan.basis import differences

Approve = Callable[[Plan], bool]


def deploy(
    context: Context, version: str | None = None, *, approve: Approve, carrier: Carrier, plan_id: str | None = None
) -> Outcome:
    """Make the manifest, at *version*, serve: released, or all as before.

    Raises NotReady when it is declined or the plan went stale while it was read, LockHeld when another run
    is at work or waits, and what the engine raises.
    """
    refuse_when_busy(context)
    refuse_when_asleep(context)
    plan = planning.kept(context, plan_id) if plan_id else planning.make(context, version)
    return ship(context, plan, lambda: planning.make(context, plan.version), approve=approve, carrier=carrier)


def ship(context: Context, plan: Plan, again: Callable[[], Plan], *, approve: Approve, carrier: Carrier) -> Outcome:
    """Ask, take the lock, plan *again*, and carry the plan out if it is still the same."""
    require_front_door(context, plan)
    if not plan.phases:
        nothing = nothing_to_do(context)
        return replace(nothing, note="\n".join([nothing.note, *plan.values.unused]))
    if not approve(plan):
        raise NotReady("declined; nothing was touched", remedy=f"mainstay {plan.kind}", code="declined")
    with holding(context) as journal:
        refuse_when_unfinished(context)
        now = again()
        if now.id != plan.id:
            told = "; ".join(differences(plan, now))
            raise NotReady(
                f"the plan {plan.id} is stale: {told}",
                remedy=f"mainstay {plan.kind}, and read the new plan",
                code="stale",
            )
        return begin(plan, journal, context, carrier)
