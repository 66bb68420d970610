"""`mainstay abort`: roll back the unfinished run."""

from mainstay.cli.run_command import CommandRun, run_command
from mainstay.operations.outcome import CommandOutcome
from mainstay.operations.unfinished import abort


@run_command("abort", "mainstay abort")
def command(run: CommandRun) -> CommandOutcome:
    """Roll back the unfinished run, also from another terminal.

    Exit 0: everything is as it was before the run. Exit 3: the run can no longer be undone, because it already retires
    old revisions (use `rollback` when it has finished), stops the environment or removes data.
    """
    return abort(run.context, runner=run.runner)
