"""Forward execution: which steps run, in which order, and what the journal records."""

import pytest

from mainstay.drivers.world import World
from mainstay.engine.engine import begin, resume
from mainstay.errors import Parked, StepFailed
from mainstay.history.events import Done, Resumed, decode
from mainstay.history.run_state import run_state
from tests.engine.items import Burn, Move, Put, Wait, names, plan_of, runner_of, target_of
from tests.fakes.clock import TurnableClock
from tests.fakes.journal import MemoryJournal
from tests.fakes.power import Power, PowerCut, PoweredJournal

A, B, C = Put(name="a"), Put(name="b"), Put(name="c")


def test_a_successful_run_records_each_step(world: World, journal: MemoryJournal) -> None:
    assert begin(plan_of((A,), (B,)), world, journal, runner_of(world)) == "released"
    step = ["started", "progress", "done"]
    assert names(journal) == ["planned", "resumed", *step, *step, "ended"]
    assert target_of(world).items == {"a": "complete", "b": "complete"}


def test_a_failure_undoes_the_steps_newest_first(world: World, journal: MemoryJournal) -> None:
    target_of(world).failures["do c"] = [StepFailed("c is broken")]
    assert begin(plan_of((A,), (B,), (C,)), world, journal, runner_of(world)) == "undone"
    assert names(journal)[-9:] == ["failed", "undo-started", *["undoing", "undone"] * 3, "ended"]
    assert target_of(world).calls == ["do a", "do b", "do c", "undo c", "undo b", "undo a"]
    assert target_of(world).items == {}


def test_the_head_is_signed_when_a_run_is_planned_and_when_it_has_ended(world: World, journal: MemoryJournal) -> None:
    begin(plan_of((A,), (B,)), world, journal, runner_of(world))
    assert journal.signed == ["planned", "ended"]


def test_the_head_is_signed_when_an_undo_starts_and_when_a_run_is_parked(world: World, journal: MemoryJournal) -> None:
    target_of(world).failures["do b"] = [StepFailed("b is broken")]
    target_of(world).failures["undo a"] = [StepFailed("a is stuck")]
    with pytest.raises(Parked):
        begin(plan_of((A,), (B,)), world, journal, runner_of(world))
    assert journal.signed == ["planned", "undo-started", "parked"]


def test_the_target_is_claimed_before_the_first_look(world: World, journal: MemoryJournal) -> None:
    begin(plan_of((A,)), world, journal, runner_of(world))
    resumed = decode(journal.rows()[1].name, journal.rows()[1].body)
    assert isinstance(resumed, Resumed)
    assert resumed.fence == target_of(world).claimed_fence == 2


def test_resuming_a_finished_run_returns_its_outcome_and_changes_nothing(world: World, journal: MemoryJournal) -> None:
    begin(plan_of((A,)), world, journal, runner_of(world))
    before = journal.rows()
    assert resume("r-0001", world, journal, runner_of(world)) == "released"
    assert journal.rows() == before


def test_a_started_step_whose_state_is_present_is_adopted(world: World, journal: MemoryJournal) -> None:
    power = Power()
    target_of(world).point = lambda where: power.point(where) if where == "after put a" else None
    power.cut_at = 1
    with pytest.raises(PowerCut):
        begin(plan_of((A,)), world, PoweredJournal(journal, Power()), runner_of(world))
    target_of(world).point = lambda where: None
    assert resume("r-0001", world, journal, runner_of(world)) == "released"
    (done,) = [decode(row.name, row.body) for row in journal.rows() if row.name == "done"]
    assert isinstance(done, Done)
    assert done.adopted
    assert target_of(world).effects["put a"] == 1


def test_a_release_has_a_document(world: World, journal: MemoryJournal) -> None:
    begin(plan_of((A,)), world, journal, runner_of(world))
    assert (world.folders.release(2) / "release.json").exists()


def test_a_rollback_writes_no_document(world: World, journal: MemoryJournal) -> None:
    begin(plan_of((A,), kind="rollback"), world, journal, runner_of(world))
    assert not world.folders.releases.exists()


def test_the_journal_has_an_owner_only_during_the_run(world: World, journal: MemoryJournal) -> None:
    owners = []
    target_of(world).point = lambda where: owners.append(journal.owner())
    begin(plan_of((A,)), world, journal, runner_of(world))
    assert owners[-1] is not None
    assert (owners[-1].run, owners[-1].fence, owners[-1].message) == ("r-0001", 2, "deploy 2")
    assert journal.owner() is None


def test_the_rows_alone_show_the_state_of_the_run(world: World, journal: MemoryJournal) -> None:
    target_of(world).failures["do b"] = [StepFailed("b is broken")]
    begin(plan_of((A,), (B,)), world, journal, runner_of(world))
    now = run_state(journal.rows("r-0001"))
    assert (now.outcome, now.direction, now.started) == ("undone", "back", ())
    assert now.undone == ("2.1", "1.1")


def test_a_resumed_run_restores_the_last_fleet_and_traffic(world: World, journal: MemoryJournal) -> None:
    plan = plan_of(
        (Put(name="a"), Move(name="m")), (Put(name="b"), Move(name="n")), (Wait(name="x"),), (Burn(name="d"),)
    )
    power = Power(1)
    clock = target_of(world).clock
    assert isinstance(clock, TurnableClock)
    clock.paused = lambda: power.point("waiting for x")
    with pytest.raises(PowerCut):
        begin(plan, world, journal, runner_of(world))
    clock.paused = lambda: None
    target_of(world).calls.clear()
    target_of(world).items["x"] = "complete"
    resume("r-0001", world, journal, runner_of(world))
    assert target_of(world).calls == ["restore b", "restore n", "do d"]
