"""A toy command: it executes a plan that consists of the toy step."""

from msgspec.structs import replace

from mainstay.cli.run_command import CommandRun, run_command
from mainstay.operations.context import Context
from mainstay.operations.execute import execute
from mainstay.operations.history import history_of
from mainstay.operations.outcome import CommandOutcome
from mainstay.planning.draft import draft
from mainstay.planning.facts import look
from mainstay.planning.plan import Phase, Plan
from tests.toys.step import PlaceToy


def _plan(context: Context) -> Plan:
    now = look(context.world(context.stored()), history_of(context))
    assert now.release is not None
    return replace(draft("rollback", now.release, now), phases=(Phase("toy", ((PlaceToy(),),)),))


@run_command("toy", "mainstay toy", approves=True)
def command(run: CommandRun) -> CommandOutcome:
    """Place a toy."""
    return execute(
        run.context,
        _plan(run.context),
        lambda: _plan(run.context),
        approve=run.approval,
        runner=run.runner,
    )
