"""`rollback`: an earlier release serves again. Gated by nothing: not by the manifest, not by checks."""

from mainstay.engine import Carrier
from mainstay.errors import BadInput
from mainstay.operations.carrying import refuse_when_busy
from mainstay.operations.context import Context
from mainstay.operations.deploy import Approve, ship
from mainstay.operations.history import recorded
from mainstay.operations.outcome import Outcome
from mainstay.operations.waking import refuse_when_asleep
from mainstay.plan import Plan
from mainstay.plan import rollback as planned
from mainstay.record import Record
from mainstay.retention import kept
from mainstay.snapshot import document, look


def rollback(context: Context, to: int | None = None, *, approve: Approve, carrier: Carrier) -> Outcome:
    """Release *to* serves again; by default the one that served before this one."""
    context.kept()
    refuse_when_busy(context)
    refuse_when_asleep(context)
    number = to if to is not None else _before(recorded(context))
    return ship(
        context,
        make(context, number),
        lambda: make(context, number),
        approve=approve,
        carrier=carrier,
    )


def make(context: Context, to: int) -> Plan:
    """The plan that leads back to release *to*. Raises BadInput when it never served."""
    past = recorded(context)
    if to not in past.served:
        known = ", ".join(str(number) for number in sorted(past.served)) or "none yet"
        raise BadInput(
            f"release {to} never served; those that did: {known}", remedy="mainstay history", code="no-such-release"
        )
    stays = kept(past).releases
    if to not in stays:
        raise BadInput(
            f"release {to} is no longer kept; those that are: {', '.join(str(number) for number in sorted(stays))}",
            remedy="deploy its version again",
            code="release-gone",
        )
    world = context.wiring.world(context.kept(), context.folders)
    return planned.rollback(document(past, to), look(world, past))


def _before(past: Record) -> int:
    """The release that served before the one that serves."""
    earlier = [number for number in past.served if past.serving and number != past.serving.number]
    if earlier:
        return earlier[0]
    raise BadInput("there is no earlier release to go back to", remedy="mainstay history", code="no-such-release")
