"""`start`: start exactly what was live, after `down` or a reboot; the manifest is not read."""

from mainstay.engine import Carrier
from mainstay.errors import BadInput
from mainstay.operations.carrying import refuse_when_busy, refuse_when_unfinished, without_run
from mainstay.operations.context import Context
from mainstay.operations.history import recorded
from mainstay.operations.outcome import Outcome
from mainstay.operations.waking import Notices, restart_supervisor, start_live


def start(context: Context, *, carrier: Carrier, notices: Notices) -> Outcome:
    """Start the live release, and nothing newer.

    Raises StepFailed naming what does not start, BadInput when no release is live, and LockHeld when a run is
    unfinished: then the supervisor first runs again what it was last asked to.
    """
    environment = context.kept()
    refuse_when_busy(context, unfinished_is_fine=True)
    past = recorded(context)
    if past.unfinished:
        if past.history[0].kind != "down":
            restart_supervisor(context)
        refuse_when_unfinished(context)
    if past.serving is None:
        place = f"{environment.system}/{environment.name}"
        raise BadInput(
            f"no release of {place} is live: there is nothing to start", remedy="mainstay up", code="nothing-live"
        )
    started = start_live(context, carrier, notices, thorough=True)
    if started.failure:
        raise started.failure
    note = f"ready: {', '.join(started.ready)}"
    if not started.acted:
        note = f"nothing to do: release {past.serving.number} ({past.serving.version}) is running already"
    return without_run(context, "start", started.acted, started.took_s, note)
