"""`start`: start exactly the live release, after `down` or a reboot; the manifest is not read."""

from mainstay.engine.runner import Runner
from mainstay.errors import BadInput, LockHeld
from mainstay.model.acme import CERTIFICATE_FAILED
from mainstay.model.run_kind import run_kind
from mainstay.operations.context import Context
from mainstay.operations.history import history_of
from mainstay.operations.outcome import CommandOutcome
from mainstay.operations.session import require_idle, without_run
from mainstay.operations.start_live import Notices, restart_supervisor, start_live


def start(context: Context, *, runner: Runner, notices: Notices, unless_stopped: bool = False) -> CommandOutcome:
    """Start the live release, and nothing newer.

    *unless_stopped*: do nothing in an environment that was stopped by `down`. If the release runs already and the last
    request for a certificate failed, the request is repeated at once. Raises StepFailed, naming the services that do
    not start, FrontDoorLost when the edge does not serve, BadInput when no release is live, and LockHeld when a run is
    unfinished; unless that run is a `down`, the supervisor is first started with its last desired state.
    """
    environment = context.stored()
    place = f"{environment.system}/{environment.name}"
    require_idle(context, allow_unfinished=True)
    past = history_of(context)
    if past.unfinished:
        if run_kind(past.runs[0].kind).needs_running:
            restart_supervisor(context)
        what = f"run {past.unfinished} ({past.runs[0].kind}) is unfinished; only what it left running is started"
        raise LockHeld(what, remedy="mainstay resume, or mainstay abort to roll it back", code="run-unfinished")
    if past.live is None:
        what = f"no release of {place} is live: there is nothing to start"
        raise BadInput(what, remedy="mainstay up", code="not-live")
    if unless_stopped and not context.target(environment).fleet_status().started:
        note = f"nothing to do: {place} was stopped by `mainstay down`, and stays stopped"
        return without_run(context, "start", started=False, took_s=0.0, note=note)
    started = start_live(context, runner, notices, thorough=True)
    if started.failure:
        raise started.failure
    note = f"ready: {', '.join(started.ready)}"
    if not started.acted:
        live = f"release {past.live.number} ({past.live.version}) is running already"
        note = f"nothing to do: {live}"
        if any(each.code == CERTIFICATE_FAILED for each in context.target(environment).fleet_status().notes):
            restart_supervisor(context)
            note = f"{live}; the certificate is requested again, unless the authority demands a pause"
    return without_run(context, "start", started.acted, started.took_s, note)
