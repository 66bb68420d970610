"""`down`: everything drains and stops, and stays so over reboots; with its data gone only when that was named."""

from mainstay.engine import Carrier
from mainstay.operations.carrying import nothing_to_do, refuse_when_busy
from mainstay.operations.context import Context
from mainstay.operations.deploy import Approve, ship
from mainstay.operations.history import recorded
from mainstay.operations.outcome import Outcome
from mainstay.plan import Plan
from mainstay.plan import down as planned
from mainstay.snapshot import look


def down(context: Context, *, data: bool = False, approve: Approve, carrier: Carrier) -> Outcome:
    """Nothing runs any more. `up` brings it back, unless *data* went too."""
    context.kept()
    refuse_when_busy(context)
    if not data and _nothing_runs(context):
        return nothing_to_do(context, "down")
    return ship(
        context,
        make(context, data=data),
        lambda: make(context, data=data),
        approve=approve,
        carrier=carrier,
    )


def make(context: Context, *, data: bool) -> Plan:
    """The plan that lays everything down."""
    world = context.wiring.world(context.kept(), context.folders)
    return planned.down(look(world, recorded(context)), data=data)


def _nothing_runs(context: Context) -> bool:
    running = context.wiring.target(context.kept(), context.folders).running()
    return not running.awake and not running.instances
