"""`down`: drain and stop everything, so that it stays stopped after a reboot; remove data only with `--data`."""

from mainstay.engine.runner import Runner
from mainstay.operations.context import Context
from mainstay.operations.execute import Approve, execute
from mainstay.operations.history import history_of
from mainstay.operations.outcome import CommandOutcome
from mainstay.operations.session import require_idle, without_run
from mainstay.planning import down as planned
from mainstay.planning.facts import look
from mainstay.planning.plan import Plan


def down(context: Context, *, data: bool = False, approve: Approve, runner: Runner) -> CommandOutcome:
    """Stop everything that runs in the environment; with *data*, also remove the environment's data and releases.

    Without *data*, `start` starts the live release again. Raises NotReady when the plan is declined or stale, and
    LockHeld when another run is being executed or is unfinished.
    """
    environment = context.stored()
    require_idle(context)
    running = context.target(environment).fleet_status()
    if not (data or running.started or running.instances):
        note = f"nothing to do: {environment.system}/{environment.name} is stopped already"
        return without_run(context, "down", started=False, took_s=0.0, note=note)
    return execute(context, make(context, data=data), lambda: make(context, data=data), approve=approve, runner=runner)


def make(context: Context, *, data: bool) -> Plan:
    """Return the plan that stops everything and, with *data*, removes the environment's data."""
    world = context.world(context.stored())
    return planned.down(look(world, history_of(context)), data=data)
