"""One command reads each row of the journal once."""

from pathlib import Path

import pytest

from mainstay.engine.runner import Runner
from mainstay.history.events import Ended, Started, encode
from mainstay.history.journal import Row
from mainstay.history.sqlite import SqliteReader
from mainstay.operations.deploy import deploy
from mainstay.operations.history import history_of, unfinished_run
from mainstay.operations.session import open_journal
from mainstay.planning.plan import Plan
from tests.operations.project import Project

TEXT = "system: shop\nversion: 1.0.0\nservices: {web: {command: [./run], source: web}}\n"


def shop(folder: Path) -> Project:
    (folder / "web").mkdir()
    (folder / "web" / "run").touch(mode=0o755)
    return Project(folder, TEXT)


class Approved:
    """Approves every plan."""

    verb, dry_run = "deploy", False

    def __call__(self, plan: Plan) -> bool:
        return True


class Silent:
    """Shows nothing."""

    def progress(self, what: str) -> None: ...
    def warning(self, problem: Exception) -> None: ...


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sequences of all rows that were read to fold the history, in order."""
    found: list[int] = []
    rows = SqliteReader.rows

    def counted(self: SqliteReader, run: str | None = None, *, after: int = 0) -> list[Row]:
        result = rows(self, run, after=after)
        found.extend(row.sequence for row in result)
        return result

    monkeypatch.setattr(SqliteReader, "rows", counted)
    return found


def test_a_deploy_reads_each_row_of_the_journal_once(tmp_path: Path, read: list[int]) -> None:
    project = shop(tmp_path)
    for version in ("1.0.0", "2.0.0", "3.0.0"):
        project.file.write_text(TEXT.replace("1.0.0", version))
        read.clear()
        context = project.context
        runner = Runner.here(project.world.clock)
        outcome = deploy(context, approve=Approved(), runner=runner, notices=Silent())
        assert (outcome.outcome, outcome.version) == ("released", version), outcome
        assert len(history_of(context).runs) == int(version[0])
        assert read == list(range(1, context.fold.sequence + 1))


def test_repeated_looks_read_only_new_rows(tmp_path: Path, read: list[int]) -> None:
    project = shop(tmp_path)
    deploy(project.context, approve=Approved(), runner=Runner.here(project.world.clock), notices=Silent())
    context = project.context
    assert unfinished_run(context) is None
    last = context.fold.sequence
    assert [history_of(context) for _ in range(3)] == [history_of(project.context)] * 3
    with open_journal(context) as journal:
        (planned, *_) = journal.rows()
        journal.append("r-0002", (planned.name, planned.body), encode(Started("1.1", "fetch", "Fetch")))
    read.clear()
    now = unfinished_run(context)
    assert now is not None
    assert (now.run, now.current, read) == ("r-0002", "1.1", [last + 1, last + 2])
    with open_journal(context) as journal:
        journal.append("r-0002", encode(Ended("undone")))
    assert unfinished_run(context) is None
    assert read == [last + 1, last + 2, last + 3]
