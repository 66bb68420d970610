"""`history` and `journal`: read an environment's runs and their events from its journal, and verify the journal."""

from msgspec.structs import replace

from mainstay.errors import BadInput
from mainstay.history.journal import Row, Verification
from mainstay.history.run_state import RunState
from mainstay.history.signing import PublicKey
from mainstay.history.sqlite import SqliteReader
from mainstay.history.summary import History, RunSummary
from mainstay.operations.context import Context
from mainstay.system.file_lock import Lock

NAMED_RUNS = 5


def history_of(context: Context) -> History:
    """Return the history of this environment, from its journal. A later call reads only rows that were added since."""
    return context.fold.extend(journal_reader(context).rows(after=context.fold.sequence))


def unfinished_run(context: Context) -> RunState | None:
    """Return the state of the unfinished run; None if every run has ended."""
    history_of(context)
    return context.fold.unfinished()


def journal_reader(context: Context) -> SqliteReader:
    """Return a reader of the journal of this environment."""
    return SqliteReader(context.folders.journal, context.folders.head)


def history(context: Context) -> tuple[RunSummary, ...]:
    """Return the runs, newest first. Unless parked, an unfinished run is `running` if a process holds the lock.

    Raises BadInput when there are no runs and the manifest does not declare the environment.
    """
    past = history_of(context).runs
    if not past:
        context.wiring.require_declared(context.file, context.environment)
    if any(run.outcome == "interrupted" for run in past) and not Lock(context.folders.lock).is_free():
        return tuple(replace(run, outcome="running") if run.outcome == "interrupted" else run for run in past)
    return past


def show_journal(context: Context, run: str | None = None) -> list[Row]:
    """Return the rows of *run*, or of the last run. Raises BadInput for a run that the journal does not have."""
    rows = journal_reader(context).rows(run)
    if run is None and rows:
        return [row for row in rows if row.run == rows[-1].run]
    if run is not None and not rows:
        runs = list(dict.fromkeys(row.run for row in journal_reader(context).rows()))
        if not runs:
            what = f"there is no run {run}: nothing has been deployed here yet"
            raise BadInput(what, remedy="mainstay up", code="no-such-run")
        what = f"there is no run {run}; the last runs are {', '.join(runs[-NAMED_RUNS:])}"
        raise BadInput(what, remedy=f"mainstay journal show {runs[-1]}", code="no-such-run")
    return rows


def verify_journal(context: Context) -> Verification:
    """Verify with the public key that no journal row was changed or is missing, and return the result.

    Raises JournalCorrupt when the public key is missing.
    """
    return journal_reader(context).verify(PublicKey.read(context.folders.public_key))
