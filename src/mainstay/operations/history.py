"""`history`: every run of an environment, newest first."""

from msgspec.structs import replace

from mainstay.history.run_state import RunState
from mainstay.history.sqlite import SqliteReader
from mainstay.history.summary import History, RunSummary
from mainstay.operations.context import Context
from mainstay.system.file_lock import Lock


def history_of(context: Context) -> History:
    """Return the history that the journal of this environment proves. A command reads each row once."""
    return context.fold.extend(journal_reader(context).rows(after=context.fold.sequence))


def unfinished_run(context: Context) -> RunState | None:
    """Return the state of the unfinished run; None where every run has ended."""
    history_of(context)
    return context.fold.unfinished()


def journal_reader(context: Context) -> SqliteReader:
    """Return a reader of the journal of this environment."""
    return SqliteReader(context.folders.journal, context.folders.head)


def history(context: Context) -> tuple[RunSummary, ...]:
    """Return the runs, newest first. An unfinished run is running now if a process holds the lock."""
    past = history_of(context).runs
    if not past:
        context.wiring.require_declared(context.file, context.environment)
    if any(run.outcome == "interrupted" for run in past) and not Lock(context.folders.lock).is_free():
        return tuple(replace(run, outcome="running") if run.outcome == "interrupted" else run for run in past)
    return past
