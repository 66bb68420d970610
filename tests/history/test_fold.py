"""The history that the rows of a journal prove, folded in one pass."""

import msgspec
import pytest

from mainstay.history.events import (
    Done,
    Ended,
    Event,
    ParkedAt,
    Planned,
    Resumed,
    RunOutcome,
    Started,
    UndoStarted,
    encode,
)
from mainstay.history.fold import HistoryFold
from mainstay.history.journal import Row
from mainstay.history.run_state import run_state
from mainstay.history.summary import History, LiveRelease, Origin
from tests.history.counting import calls


class Journal:
    """Records runs, one second a row."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def write(self, run: str, *events: Event) -> None:
        for event in events:
            n = len(self.rows)
            at = f"2026-01-05T12:{n // 60 % 60:02d}:{n % 60:02d}+00:00"
            self.rows.append(Row(n + 1, at, run, *encode(event)))

    def plan(self, run: str, kind: str, release: int, plan: bytes = b"", *, data: bool = False) -> None:
        """Plan a run of this kind; *plan* is its document."""
        live = HistoryFold().extend(self.rows).live if len(self.rows) < 100 else None
        before = live.number if live else None
        after = release if kind in ("deploy", "rollback") else None if data else before
        document = msgspec.Raw(plan or b'{"release":{"number":%d}}' % release)
        planned = Planned(
            kind,
            document,
            f"{release}.0",
            release,
            before,
            "safe",
            "ada",
            1,
            serves_after=after,
            new=kind == "deploy",
            data=data,
            declared="" if kind == "down" else run,
        )
        self.write(run, planned, Resumed("ada", "here", len(self.rows) + 2, "mainstay"))

    def runs(self, *runs: str) -> None:
        """Record runs such as `deploy 1` or `rollback 1 undone`, numbered from 1."""
        for number, (kind, release, *outcome) in enumerate(map(str.split, runs), 1):
            self.run_once(f"r-{number:04d}", kind, int(release), "undone" if outcome else "released")

    def history(self) -> History:
        return HistoryFold().extend(self.rows)

    def run_once(
        self, run: str, kind: str, release: int, outcome: RunOutcome = "released", took_s: float = 1.0
    ) -> None:
        self.plan(run, kind, release)
        self.write(run, Started("1.1", "fetch", "Fetch"), Done("1.1", "there", took_s), Ended(outcome))


@pytest.fixture
def journal() -> Journal:
    return Journal()


def test_the_history_of_an_empty_journal_is_empty() -> None:
    assert HistoryFold().extend([]) == History()
    assert HistoryFold().extend([]).next_release == 1


def test_a_successful_deploy_makes_its_release_live(journal: Journal) -> None:
    journal.runs("deploy 1", "deploy 2")
    assert journal.history().live == LiveRelease(2, "2.0", journal.rows[-1].at)
    assert journal.history().last_run == "r-0002"


@pytest.mark.parametrize(
    "runs", [["deploy 1", "deploy 2 undone"], ["deploy 1", "deploy 2", "rollback 1"]], ids=["undone", "rolled back"]
)
def test_an_undone_or_rolled_back_release_is_not_live_and_its_number_is_not_used_again(
    journal: Journal, runs: list[str]
) -> None:
    journal.runs(*runs)
    found = journal.history()
    assert found.live is not None
    assert (found.live.number, found.next_release) == (1, 3)


def test_a_release_stays_live_while_the_environment_is_stopped(journal: Journal) -> None:
    journal.run_once("r-0001", "deploy", 1)
    live = journal.history().live
    journal.run_once("r-0002", "down", 1)
    assert journal.history().live == live


def test_only_a_deploy_or_a_rollback_that_succeeded_chooses_a_release(journal: Journal) -> None:
    journal.runs("deploy 1", "deploy 2", "rollback 1")
    assert journal.history().origin == Origin("rollback", 2, "r-0003")
    journal.run_once("r-0004", "deploy", 3, "undone")
    journal.run_once("r-0005", "down", 1)
    journal.plan("r-0006", "deploy", 4)
    assert journal.history().origin == Origin("rollback", 2, "r-0003")


def test_a_run_without_an_end_is_unfinished(journal: Journal) -> None:
    journal.run_once("r-0001", "deploy", 1)
    journal.plan("r-0002", "deploy", 2)
    found = journal.history()
    assert (found.unfinished, found.runs[0].outcome) == ("r-0002", "interrupted")
    journal.write("r-0002", ParkedAt("1.1", "why", "what to do"))
    assert journal.history().runs[0].outcome == "parked"
    journal.write("r-0002", Ended("released"))
    assert journal.history().unfinished is None


def test_history_is_newest_first(journal: Journal) -> None:
    journal.runs("deploy 1", "rollback 1 undone")
    assert [(run.run, run.kind, run.outcome, run.took_s) for run in journal.history().runs] == [
        ("r-0002", "rollback", "undone", 4.0),
        ("r-0001", "deploy", "released", 4.0),
    ]


def test_the_document_of_a_release_is_in_the_plan_that_brought_it(journal: Journal) -> None:
    journal.runs("deploy 7", "rollback 7")
    assert journal.history().document(7) == b'{"number":7}'
    assert journal.history().document(8) is None


def test_the_expected_duration_of_a_step_is_the_median_of_the_past(journal: Journal) -> None:
    for number, took_s in enumerate((1.0, 2.0, 30.0), 1):
        journal.run_once(f"r-{number:04d}", "deploy", number, took_s=took_s)
    journal.plan("r-0004", "deploy", 4)
    journal.write("r-0004", Started("1.1", "fetch", "Fetch"), Done("1.1", "found", 0.0, adopted=True))
    assert journal.history().expected == {"fetch": 2.0}


def test_the_durations_of_builds_and_copies_are_kept_apart(journal: Journal) -> None:
    journal.run_once("r-0001", "deploy", 1, took_s=0.1)
    journal.plan("r-0002", "deploy", 2)
    journal.write("r-0002", Started("1.1", "fetch", "Copy and build", timed_as="build web"), Done("1.1", "built", 60.0))
    assert journal.history().expected == {"fetch": 0.1, "build web": 60.0}


def test_the_work_of_the_fold_grows_linearly_with_the_rows(journal: Journal) -> None:
    found = []
    for last in (200, 400):
        for number in range(len(journal.rows) // 5 + 1, last + 1):
            journal.run_once(f"r-{number:04d}", "deploy", number)
        found.append(calls(lambda: HistoryFold().extend(iter(journal.rows))))
    assert found[1] < 2 * found[0], found


def test_releases_that_were_removed_with_their_data_cannot_be_rolled_back_to(journal: Journal) -> None:
    journal.run_once("r-0001", "deploy", 1)
    journal.plan("r-0002", "down", 1, data=True)
    journal.write("r-0002", Ended("released"))
    assert journal.history().live is None
    journal.run_once("r-0003", "deploy", 2)
    journal.run_once("r-0004", "deploy", 3)
    journal.run_once("r-0005", "rollback", 2)
    assert journal.history().served == (2, 3)


def test_the_environment_of_a_release_is_that_of_its_plan(journal: Journal) -> None:
    journal.plan("r-0001", "deploy", 1, b'{"release":{"number":1},"environment":{"name":"local"}}')
    assert journal.history().environment(1) == b'{"name":"local"}'
    assert journal.history().environment(2) is None


def test_a_completed_migration_changes_the_schema_even_when_its_run_was_rolled_back(journal: Journal) -> None:
    steps = [[{"kind": "fetch"}], [{"kind": "migrate", "name": "db", "after": "0002_users"}]]
    journal.plan("r-0001", "deploy", 1, msgspec.json.encode({"phases": [{"ranks": steps}]}))
    journal.write("r-0001", Started("1.2", "migrate", "Migrate db"))
    assert journal.history().schemas == {}
    journal.write("r-0001", Done("1.2", "", 1.0), Ended("undone"))
    assert journal.history().schemas == {"db": "0002_users"}
    journal.plan("r-0002", "down", 1, data=True)
    journal.write("r-0002", Ended("released"))
    assert journal.history().schemas == {}


def test_an_undone_deploy_is_remembered_by_its_content_until_that_content_is_released(journal: Journal) -> None:
    journal.runs("deploy 1", "deploy 2 undone")
    undone = journal.history().undone
    assert {content: run.run for content, run in undone.items()} == {("2.0", "r-0002"): "r-0002"}
    assert undone["2.0", "r-0002"].outcome == "undone"
    journal.run_once("r-0002", "deploy", 2)
    assert journal.history().undone == {}


def test_an_undone_rollback_or_down_is_no_undone_deploy(journal: Journal) -> None:
    journal.runs("deploy 1", "deploy 2", "rollback 1 undone", "down 2 undone")
    assert journal.history().undone == {}


def test_a_release_is_rolled_back_until_it_is_live_again(journal: Journal) -> None:
    journal.runs("deploy 1", "deploy 2", "rollback 1")
    assert journal.history().rolled_back == {2: journal.rows[-1].at}
    journal.run_once("r-0004", "rollback", 2)
    assert journal.history().rolled_back == {}


def test_a_run_of_another_kind_is_neither_a_release_nor_a_rollback_target(journal: Journal) -> None:
    journal.runs("deploy 1", "deploy 2")
    before = journal.history()
    journal.run_once("r-0003", "backup", 7)
    found = journal.history()
    assert (found.live, found.origin, found.served, found.documents) == (
        before.live, before.origin, (2, 1), before.documents
    )  # fmt: skip
    assert found.runs[0].kind == "backup"


def test_a_backup_before_the_first_release_makes_no_release_live(journal: Journal) -> None:
    journal.run_once("r-0001", "backup", 0)
    assert (journal.history().live, journal.history().served) == (None, ())


def test_an_extended_history_equals_one_that_is_folded_again(journal: Journal) -> None:
    for number, kind in enumerate(("deploy", "deploy", "rollback", "down", "backup"), 1):
        journal.run_once(f"r-{number:04d}", kind, min(number, 2) if kind == "deploy" else 1)
    journal.plan("r-0006", "deploy", 3)
    fold = HistoryFold()
    for row in journal.rows:
        assert fold.extend([row]) == HistoryFold().extend(journal.rows[: row.sequence])
    assert fold.extend([]) is fold.extend([])


def test_the_state_of_the_unfinished_run_is_folded_with_the_history(journal: Journal) -> None:
    fold = HistoryFold()
    journal.plan("r-0001", "deploy", 1)
    fold.extend(journal.rows)
    journal.write("r-0001", Started("1.1", "fetch", "Fetch"))
    fold.extend(journal.rows[fold.sequence :])
    assert fold.unfinished() == run_state(journal.rows)
    journal.write("r-0001", Ended("undone"))
    fold.extend(journal.rows[fold.sequence :])
    assert fold.unfinished() is None


@pytest.mark.failure("F23")
def test_a_run_during_which_the_clock_was_set_back_took_no_negative_time(journal: Journal) -> None:
    journal.runs("deploy 1")
    journal.rows[-1] = msgspec.structs.replace(journal.rows[-1], at="2026-01-05T11:00:00+00:00")
    assert journal.history().runs[0].took_s == 0.0


def test_a_rolled_back_run_has_its_reason_and_an_observed_one_its_figures(journal: Journal) -> None:
    journal.plan("r-0001", "deploy", 1)
    figures = "1 of 1 ready; web@1: 0 % of 100 requests failed"
    for step, kind, evidence, took_s in (("1.1", "observe", figures, 20.0), ("1.2", "settle", "1 of 1 ready", 0.0)):
        journal.write("r-0001", Started(step, kind, "Observe"), Done(step, evidence, took_s))
    journal.write("r-0001", Ended("released"))
    journal.plan("r-0002", "deploy", 2)
    journal.write("r-0002", UndoStarted("ada", "worse than the old one"), Ended("undone"))
    assert [(run.why, run.evidence) for run in journal.history().runs] == [
        ("worse than the old one", ""),
        ("", figures),
    ]
