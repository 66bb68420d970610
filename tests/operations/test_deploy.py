"""`deploy` reads each row of the journal once, refuses a plan that no longer fits, and starts what is stopped."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.engine.runner import Runner
from mainstay.errors import NotReady
from mainstay.history.events import Ended, Started, encode
from mainstay.history.journal import Row
from mainstay.history.sqlite import SqliteReader
from mainstay.operations import plan as plans
from mainstay.operations.context import Context
from mainstay.operations.deploy import deploy
from mainstay.operations.execute import Approve
from mainstay.operations.history import history_of, unfinished_run
from mainstay.operations.outcome import CommandOutcome
from mainstay.operations.session import begin, open_journal
from mainstay.planning.plan import Plan
from tests.fakes.journal import MemoryJournal
from tests.fakes.power import Power, PowerCut, PoweredJournal
from tests.operations.project import Project
from tests.shop import first_plan

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


class NeverShown(Approved):
    """Fails the test when a plan is shown for approval."""

    def __call__(self, plan: Plan) -> bool:
        pytest.fail("a stale plan was shown")


class Silent:
    """Shows nothing."""

    def progress(self, what: str) -> None: ...
    def warning(self, problem: Exception) -> None: ...


def deployed(project: Project, approve: Approve, plan_id: str | None = None) -> tuple[Context, CommandOutcome]:
    """Deploy with a context of its own."""
    context, runner = project.context, Runner.here(project.world.clock)
    return context, deploy(context, approve=approve, runner=runner, notices=Silent(), plan_id=plan_id)


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
        context, outcome = deployed(project, Approved())
        assert (outcome.outcome, outcome.version) == ("released", version), outcome
        assert len(history_of(context).runs) == int(version[0])
        assert read == list(range(1, context.fold.sequence + 1))


def test_repeated_looks_read_only_new_rows(tmp_path: Path, read: list[int]) -> None:
    project = shop(tmp_path)
    deployed(project, Approved())
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


@pytest.mark.parametrize("edited", [TEXT.replace("1.0.0", "2.0.0"), TEXT.replace("source", "replicas: 2, source")])
def test_a_plan_of_a_manifest_that_has_changed_is_stale_before_it_is_shown(tmp_path: Path, edited: str) -> None:
    project = shop(tmp_path)
    plan = plans.make(project.context)
    project.file.write_text(edited)
    with pytest.raises(NotReady, match=f"the plan {plan.id} is stale: ") as raised:
        deployed(project, NeverShown(), plan.id)
    assert raised.value.code == "stale"


@pytest.mark.parametrize(("kind", "started"), [("deploy", True), ("rollback", True), ("down", False)])
def test_only_a_run_that_stops_the_environment_leaves_it_stopped(tmp_path: Path, kind: str, started: bool) -> None:
    project = Project(tmp_path, TEXT)
    project.world.folders.state.mkdir()
    plan = replace(first_plan(), kind=kind, environment=project.world.environment)
    with pytest.raises(PowerCut):
        begin(plan, PoweredJournal(MemoryJournal(), Power(cut_at=1)), project.context, Runner.here(project.world.clock))
    assert project.world.target.fleet_status().started is started
