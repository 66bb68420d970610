"""`journal`: read the events of a run, or verify the journal's integrity."""

from mainstay.errors import BadInput
from mainstay.history.journal import Row, Verdict
from mainstay.history.signing import PublicKey
from mainstay.operations.context import Context
from mainstay.operations.history import journal_reader

NAMED_RUNS = 5


def show(context: Context, run: str | None = None) -> list[Row]:
    """Return the rows of *run*, or of the last run. Raises BadInput for a run that the journal does not have."""
    rows = journal_reader(context).rows(run)
    if run is None and rows:
        return [row for row in rows if row.run == rows[-1].run]
    if run is not None and not rows:
        raise _no_such_run(run, list(dict.fromkeys(row.run for row in journal_reader(context).rows())))
    return rows


def verify(context: Context) -> Verdict:
    """Verify with the public key that no row was changed and none is missing.

    Raises JournalCorrupt when that key cannot be read, because then the journal cannot be verified.
    """
    return journal_reader(context).verify(PublicKey.read(context.folders.public_key))


def _no_such_run(run: str, runs: list[str]) -> BadInput:
    if not runs:
        return BadInput(
            f"there is no run {run}: nothing has been deployed here yet", remedy="mainstay up", code="no-such-run"
        )
    what = f"there is no run {run}; the last runs are {', '.join(runs[-NAMED_RUNS:])}"
    return BadInput(what, remedy=f"mainstay journal show {runs[-1]}", code="no-such-run")
