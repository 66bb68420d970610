"""The state of a run, as its rows prove it."""

from collections.abc import Sequence

import msgspec

from mainstay.history import events
from mainstay.history.events import Event, encode
from mainstay.history.journal import Row
from mainstay.history.run_state import RunState, run_state

PLANNED = events.Planned("deploy", msgspec.Raw(b"{}"), "2", 2, 1, "safe", "ada", 3, serves_after=2)


def rows_of(*recorded: Event, run: str = "r-0001") -> list[Row]:
    return [Row(n, f"2026-01-05T12:00:0{n % 10}+00:00", run, *encode(event)) for n, event in enumerate(recorded, 1)]


def after(*recorded: Event) -> RunState:
    return run_state(rows_of(PLANNED, *recorded))


def resumed(step: str | None = None, fence: int = 2) -> events.Resumed:
    return events.Resumed("ada", "here", fence, "mainstay", step)


def started(step: str, *, reversible: bool = True) -> events.Started:
    return events.Started(step, "put", f"Put {step}", reversible)


def done(step: str) -> events.Done:
    return events.Done(step, "there", 1.0)


def test_before_any_row_there_is_no_run() -> None:
    assert run_state([]) == RunState()
    assert not run_state([]).finished


def test_the_current_step_is_the_one_that_started_and_did_not_end() -> None:
    now = after(resumed(), started("1.1"), done("1.1"), started("1.2"))
    assert (now.started, now.done, now.current) == (("1.1", "1.2"), frozenset({"1.1"}), "1.2")
    assert (now.direction, now.fence, now.titles["1.2"]) == ("forward", 2, "Put 1.2")


def test_a_run_that_started_to_undo_never_goes_forward_again() -> None:
    now = after(
        resumed(), started("1.1"), events.Failed("1.1", "broken"), events.UndoStarted("ada", "broken"), resumed("1.1")
    )
    assert now.direction == "back"


def test_an_undone_step_no_longer_counts_as_started() -> None:
    back: Sequence[Event] = (
        events.UndoStarted("ada", "why"),
        events.Undoing("1.1"),
        events.Undone("1.1", "gone"),
        events.Ended("undone"),
    )
    now = after(started("1.1"), done("1.1"), *back)
    assert (now.started, now.done, now.undone, now.outcome, now.finished) == ((), frozenset(), ("1.1",), "undone", True)


def test_reverted_steps_count_as_started_and_not_done() -> None:
    now = after(
        started("1.1"),
        done("1.1"),
        started("2.1"),
        done("2.1"),
        started("2.2"),
        events.TrafficReverted(1, ("2.1", "2.2")),
    )
    assert (now.started, now.done, now.current) == (("1.1", "2.1", "2.2"), frozenset({"1.1"}), "2.1")


def test_a_run_is_irreversible_once_an_irreversible_step_has_started() -> None:
    assert not after(started("1.1")).irreversible
    assert after(started("1.1"), started("2.1", reversible=False)).irreversible


def test_a_run_is_crash_looping_after_five_resumes_at_one_step() -> None:
    lives = [resumed("1.2") for _ in range(5)]
    assert not after(started("1.1"), done("1.1"), started("1.2"), *lives[:4]).crash_looping
    assert after(started("1.1"), done("1.1"), started("1.2"), *lives).crash_looping
    assert not after(started("1.1"), *lives, done("1.1")).crash_looping


def test_parking_a_run_resets_the_count_of_resumes() -> None:
    parked = events.ParkedAt("1.2", "five died", "mainstay resume")
    now = after(started("1.2"), *[resumed("1.2")] * 5, parked)
    assert (now.parked, now.crash_looping) == (parked, False)
    assert after(started("1.2"), parked, resumed("1.2")).parked is None


def test_an_answer_decides_the_parked_step() -> None:
    parked = events.ParkedAt("1.1", "unknown", "…")
    as_done = after(started("1.1"), parked, events.Answered("1.1", "done", "I looked", "ada"))
    as_undone = after(started("1.1"), parked, events.Answered("1.1", "undone", "I looked", "ada"))
    assert (as_done.done, as_done.parked) == (frozenset({"1.1"}), None)
    assert (as_undone.started, as_undone.parked) == ((), None)


def test_rows_of_other_runs_change_nothing() -> None:
    mine = rows_of(PLANNED, started("1.1"))
    assert run_state([*mine, *rows_of(PLANNED, events.Ended("released"), run="r-0002")]).outcome is None


def test_progress_does_not_change_the_started_steps() -> None:
    assert after(started("1.1"), events.Progress("1.1", "half")).started == after(started("1.1")).started


def test_the_last_progress_of_the_current_step_is_known_until_the_next_step() -> None:
    now = after(started("1.1"), events.Progress("1.1", "half"), events.Progress("1.1", "most"))
    assert (now.progress, now.since) == ("most", after(started("1.1")).since)
    assert after(started("1.1"), events.Progress("1.1", "half"), done("1.1"), started("1.2")).progress == ""
    assert after(started("1.1"), events.Progress("1.1", "half"), events.Undoing("1.1")).progress == ""
    assert after(started("1.1"), started("1.2"), events.Progress("1.1", "half")).progress == ""
