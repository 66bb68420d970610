"""`history`: every run of an environment, newest first."""

from msgspec.structs import replace

from mainstay.history.fold import history_from
from mainstay.history.sqlite import SqliteStory
from mainstay.history.summary import History, RunSummary
from mainstay.operations.context import Context
from mainstay.system.file_lock import Lock


def history_of(context: Context) -> History:
    """Return the history that the journal of this environment proves."""
    return history_from(journal_reader(context).rows())


def journal_reader(context: Context) -> SqliteStory:
    """Return a reader of the journal of this environment."""
    return SqliteStory(context.folders.journal, context.folders.head)


def history(context: Context) -> tuple[RunSummary, ...]:
    """Return the runs, newest first. An unfinished run is running now if a process holds the lock."""
    past = history_of(context).runs
    if any(run.outcome == "interrupted" for run in past) and not Lock(context.folders.lock).free():
        return tuple(replace(run, outcome="running") if run.outcome == "interrupted" else run for run in past)
    return past
