"""What the past proves, folded from all rows in one pass."""

import time

import msgspec
import pytest

from mainstay.history.events import Done, Ended, Event, Outcome, ParkedAt, Planned, Resumed, Started, encode
from mainstay.history.journal import Row
from mainstay.history.summary import Choice, History, LiveRelease, history_from


class RunSummary:
    """Writes runs down, one second a row."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def tell(self, run: str, *events: Event) -> None:
        for event in events:
            n = len(self.rows)
            at = f"2026-01-05T12:{n // 60 % 60:02d}:{n % 60:02d}+00:00"
            self.rows.append(Row(n + 1, at, run, *encode(event)))

    def plan(self, run: str, kind: str, release: int) -> None:
        plan = msgspec.Raw(b'{"release":{"number":%d}}' % release)
        new = kind == "deploy"
        planned = Planned(
            kind, plan, f"{release}.0", release, None, "safe", "ada", 1, new, declared="" if kind == "down" else run
        )
        self.tell(run, planned, Resumed("ada", "here", len(self.rows) + 2, "mainstay"))

    def whole(self, run: str, kind: str, release: int, outcome: Outcome = "released", took_s: float = 1.0) -> None:
        self.plan(run, kind, release)
        self.tell(run, Started("1.1", "fetch", "Fetch"), Done("1.1", "there", took_s), Ended(outcome))


@pytest.fixture
def past() -> RunSummary:
    return RunSummary()


def test_before_anything_happened_nothing_is_known() -> None:
    assert history_from([]) == History()
    assert history_from([]).next_release == 1


def test_what_was_released_serves(past: RunSummary) -> None:
    past.whole("r-0001", "deploy", 1)
    past.whole("r-0002", "deploy", 2)
    assert history_from(past.rows).serving == LiveRelease(2, "2.0", past.rows[-1].at)
    assert history_from(past.rows).last_run == "r-0002"


def test_what_was_undone_does_not_serve_and_its_number_is_not_used_again(past: RunSummary) -> None:
    past.whole("r-0001", "deploy", 1)
    past.whole("r-0002", "deploy", 2, "undone")
    found = history_from(past.rows)
    assert found.serving is not None
    assert (found.serving.number, found.next_release) == (1, 3)


def test_a_rollback_makes_an_old_one_serve_again(past: RunSummary) -> None:
    for run, kind, release in (("r-0001", "deploy", 1), ("r-0002", "deploy", 2), ("r-0003", "rollback", 1)):
        past.whole(run, kind, release)
    found = history_from(past.rows)
    assert found.serving is not None
    assert (found.serving.number, found.next_release) == (1, 3)


def test_what_is_laid_down_serves_again_when_it_is_woken(past: RunSummary) -> None:
    past.whole("r-0001", "deploy", 1)
    serving = history_from(past.rows).serving
    past.whole("r-0002", "down", 1)
    assert history_from(past.rows).serving == serving


def test_only_a_deploy_or_a_rollback_that_succeeded_chooses_a_release(past: RunSummary) -> None:
    past.whole("r-0001", "deploy", 1)
    past.whole("r-0002", "deploy", 2)
    past.whole("r-0003", "rollback", 1)
    assert history_from(past.rows).choice == Choice("rollback", None, "r-0003")
    past.whole("r-0004", "deploy", 3, "undone")
    past.whole("r-0005", "down", 1)
    past.plan("r-0006", "deploy", 4)
    assert history_from(past.rows).choice == Choice("rollback", None, "r-0003")


def test_a_run_without_an_end_is_unfinished(past: RunSummary) -> None:
    past.whole("r-0001", "deploy", 1)
    past.plan("r-0002", "deploy", 2)
    found = history_from(past.rows)
    assert (found.unfinished, found.history[0].outcome) == ("r-0002", "interrupted")
    past.tell("r-0002", ParkedAt("1.1", "why", "what to do"))
    assert history_from(past.rows).history[0].outcome == "parked"
    past.tell("r-0002", Ended("released"))
    assert history_from(past.rows).unfinished is None


def test_history_is_newest_first(past: RunSummary) -> None:
    past.whole("r-0001", "deploy", 1)
    past.whole("r-0002", "rollback", 1, "undone")
    assert [(run.run, run.kind, run.outcome, run.took_s) for run in history_from(past.rows).history] == [
        ("r-0002", "rollback", "undone", 4.0),
        ("r-0001", "deploy", "released", 4.0),
    ]


def test_the_document_of_a_release_is_in_the_plan_that_brought_it(past: RunSummary) -> None:
    past.whole("r-0001", "deploy", 7)
    past.whole("r-0002", "rollback", 7)
    assert history_from(past.rows).document(7) == b'{"number":7}'
    assert history_from(past.rows).document(8) is None


def test_steps_are_expected_to_take_what_they_took(past: RunSummary) -> None:
    for number, took_s in enumerate((1.0, 2.0, 30.0), 1):
        past.whole(f"r-{number:04d}", "deploy", number, took_s=took_s)
    past.plan("r-0004", "deploy", 4)
    past.tell("r-0004", Started("1.1", "fetch", "Fetch"), Done("1.1", "found", 0.0, adopted=True))
    assert history_from(past.rows).expected == {"fetch": 2.0}


def test_builds_are_not_expected_to_take_what_copies_took(past: RunSummary) -> None:
    past.whole("r-0001", "deploy", 1, took_s=0.1)
    past.plan("r-0002", "deploy", 2)
    past.tell("r-0002", Started("1.1", "fetch", "Copy and build", timed_as="build web"), Done("1.1", "built", 60.0))
    assert history_from(past.rows).expected == {"fetch": 0.1, "build web": 60.0}


def test_ten_thousand_rows_are_folded_before_one_notices(past: RunSummary) -> None:
    for number in range(1, 2001):
        past.whole(f"r-{number:04d}", "deploy", number)
    assert len(past.rows) == 10_000
    quickest = min(folded(past.rows) for _ in range(5))
    assert quickest < 0.1


def folded(rows: list[Row]) -> float:
    began = time.perf_counter()
    history_from(rows)
    return time.perf_counter() - began


def test_releases_that_were_removed_with_their_data_are_no_way_back(past: RunSummary) -> None:
    past.whole("r-0001", "deploy", 1)
    removed = Planned("down", msgspec.Raw(b"{}"), "1.0", 1, 1, "safe", "ada", 1, new=False, data=True)
    past.tell("r-0002", removed, Ended("released"))
    past.whole("r-0003", "deploy", 2)
    past.whole("r-0004", "deploy", 3)
    past.whole("r-0005", "rollback", 2)
    assert history_from(past.rows).served == (2, 3)


def test_the_environment_of_what_serves_is_that_of_its_plan(past: RunSummary) -> None:
    plan = msgspec.Raw(b'{"release":{"number":1},"environment":{"name":"local"}}')
    past.tell("r-0001", Planned("deploy", plan, "1.0", 1, None, "safe", "ada", 1), Ended("released"))
    assert history_from(past.rows).environment(1) == b'{"name":"local"}'
    assert history_from(past.rows).environment(2) is None


def test_a_migration_that_ended_moves_the_schema_also_where_its_run_was_rolled_back(past: RunSummary) -> None:
    steps = [[{"kind": "fetch"}], [{"kind": "migrate", "name": "db", "after": "0002_users"}]]
    plan = msgspec.Raw(msgspec.json.encode({"phases": [{"ranks": steps}]}))
    past.tell("r-0001", Planned("deploy", plan, "1.0", 1, None, "unknown", "ada", 2))
    past.tell("r-0001", Started("1.2", "migrate", "Migrate db"))
    assert history_from(past.rows).schemas == {}
    past.tell("r-0001", Done("1.2", "", 1.0), Ended("undone"))
    assert history_from(past.rows).schemas == {"db": "0002_users"}
    down = Planned("down", msgspec.Raw(b"{}"), "1.0", 1, 1, "safe", "ada", 1, new=False, data=True)
    past.tell("r-0002", down, Ended("released"))
    assert history_from(past.rows).schemas == {}


def test_a_release_is_rolled_back_until_it_is_live_again(past: RunSummary) -> None:
    past.whole("r-0001", "deploy", 1)
    past.whole("r-0002", "deploy", 2)
    back = Planned("rollback", msgspec.Raw(b"{}"), "1.0", 1, 2, "safe", "ada", 1, new=False)
    past.tell("r-0003", back, Ended("released"))
    assert history_from(past.rows).rolled_back == {2: past.rows[-1].at}
    again = Planned("rollback", msgspec.Raw(b"{}"), "2.0", 2, 1, "safe", "ada", 1, new=False)
    past.tell("r-0004", again, Ended("released"))
    assert history_from(past.rows).rolled_back == {}
