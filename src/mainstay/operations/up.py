"""`up`: make the environment run what the manifest says: wake, finish what is unfinished, ship what differs."""

from mainstay.engine import Carrier
from mainstay.operations import plan as planning
from mainstay.operations.carrying import holding, refuse_when_busy
from mainstay.operations.context import Context
from mainstay.operations.deploy import Approve, ship
from mainstay.operations.history import recorded
from mainstay.operations.outcome import Outcome
from mainstay.operations.resume import finish
from mainstay.operations.waking import bring_back


def up(context: Context, *, approve: Approve, carrier: Carrier) -> Outcome:
    """The environment as the manifest says; an unfinished run that ends as before stops here."""
    refuse_when_busy(context, unfinished_is_fine=True)
    if recorded(context).unfinished:
        with holding(context) as journal:
            finished = finish(context, journal, carrier)
        if finished.outcome == "undone":
            return finished
    bring_back(context)
    plan = planning.make(context)
    return ship(context, plan, lambda: planning.make(context), approve=approve, carrier=carrier)
