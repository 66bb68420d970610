"""`abort`: roll back an unfinished run, also one that another process executes."""

from msgspec.structs import replace

from mainstay.engine import engine
from mainstay.engine.runner import Carrier
from mainstay.errors import LockHeld, NotReady
from mainstay.history.run_state import standing
from mainstay.operations.context import Context
from mainstay.operations.history import recorded, story
from mainstay.operations.outcome import Outcome
from mainstay.operations.resume import finish, unfinished
from mainstay.operations.session import holding
from mainstay.system.clock import Patience, SystemClock
from mainstay.system.file_lock import Lock

LONGEST_WAIT_S = 900.0


def abort(context: Context, *, carrier: Carrier) -> Outcome:
    """Roll back the unfinished run and return its outcome.

    Raises NotReady once a revision was retired: then only cleanup remains."""
    context.kept()
    try:
        with holding(context) as journal:
            run = unfinished(context)
            turned = engine.turn_back(run, journal, by=carrier.by, why=f"abort was requested by {carrier.by}")
            if turned is not None:
                carrier.heard(turned)
            return replace(finish(context, journal, carrier), wanted="undone")
    except LockHeld:
        return _ask_the_holder(context, carrier)


def _ask_the_holder(context: Context, carrier: Carrier) -> Outcome:
    owner = story(context).owner()
    if owner is None or not story(context).ask_abort(owner.run):
        raise LockHeld("another command is about to begin or to end", remedy="mainstay abort")
    now = standing(story(context).rows(owner.run))
    engine.require_undoable(now, remedy="wait for its end (mainstay status --watch), then mainstay rollback")
    lock = Lock(context.folders.lock)
    Patience(SystemClock()).until(
        lock.free, within=LONGEST_WAIT_S, waiting_for=f"the end of run {owner.run}", remedy="mainstay status"
    )
    for row in story(context).rows(owner.run):
        # The process that executes the run shows its steps; here, only the start of the rollback is shown.
        if row.name == "turned":
            carrier.heard(row)
    past = next(run for run in recorded(context).history if run.run == owner.run)
    if past.outcome == "released":
        raise NotReady(f"run {owner.run} was released before it could go back", remedy="mainstay rollback")
    serving = recorded(context).serving
    return Outcome(
        run=owner.run,
        kind=past.kind,
        outcome="undone",
        release=serving.number if serving else None,
        version=serving.version if serving else "",
        url="",
        took_s=past.took_s,
        wanted="undone",
    )
