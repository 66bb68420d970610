"""Forward: what is done, in which order, and what is written about it."""

import pytest

from mainstay.drivers.world import World
from mainstay.engine.engine import begin, resume
from mainstay.errors import Parked, StepFailed
from mainstay.history.events import Done, Resumed, decode
from mainstay.history.run_state import run_state
from tests.engine.workbench import Burn, Move, Put, Wait, bench, carrier_of, names, plan_of
from tests.fakes.clock import TurnableClock
from tests.fakes.journal import MemoryJournal
from tests.fakes.power import Power, PowerCut, PoweredJournal

A, B, C = Put(name="a"), Put(name="b"), Put(name="c")


def test_a_run_that_goes_well_is_told_step_by_step(world: World, journal: MemoryJournal) -> None:
    assert begin(plan_of((A,), (B,)), world, journal, carrier_of(world)) == "released"
    step = ["started", "progress", "done"]
    assert names(journal) == ["planned", "resumed", *step, *step, "ended"]
    assert bench(world).things == {"a": "whole", "b": "whole"}


def test_a_failure_turns_the_run_and_undoes_newest_first(world: World, journal: MemoryJournal) -> None:
    bench(world).trouble["do c"] = [StepFailed("c is broken")]
    assert begin(plan_of((A,), (B,), (C,)), world, journal, carrier_of(world)) == "undone"
    assert names(journal)[-9:] == ["failed", "turned", *["undoing", "undone"] * 3, "ended"]
    assert bench(world).told == ["do a", "do b", "do c", "undo c", "undo b", "undo a"]
    assert bench(world).things == {}


def test_the_head_is_signed_when_a_run_is_planned_and_when_it_has_ended(world: World, journal: MemoryJournal) -> None:
    begin(plan_of((A,), (B,)), world, journal, carrier_of(world))
    assert journal.signed == ["planned", "ended"]


def test_the_head_is_signed_when_a_run_turns_back_and_when_it_is_parked(world: World, journal: MemoryJournal) -> None:
    bench(world).trouble["do b"] = [StepFailed("b is broken")]
    bench(world).trouble["undo a"] = [StepFailed("a is stuck")]
    with pytest.raises(Parked):
        begin(plan_of((A,), (B,)), world, journal, carrier_of(world))
    assert journal.signed == ["planned", "turned", "parked"]


def test_the_target_is_claimed_before_anything_is_looked_at(world: World, journal: MemoryJournal) -> None:
    begin(plan_of((A,)), world, journal, carrier_of(world))
    resumed = decode(journal.rows()[1].name, journal.rows()[1].body)
    assert isinstance(resumed, Resumed)
    assert resumed.fence == bench(world).claimed_fence == 2


def test_a_run_that_is_over_is_told_and_nothing_happens(world: World, journal: MemoryJournal) -> None:
    begin(plan_of((A,)), world, journal, carrier_of(world))
    before = journal.rows()
    assert resume("r-0001", world, journal, carrier_of(world)) == "released"
    assert journal.rows() == before


def test_what_began_and_is_there_is_adopted(world: World, journal: MemoryJournal) -> None:
    power = Power()
    bench(world).point = lambda where: power.point(where) if where == "after put a" else None
    power.cut_at = 1
    with pytest.raises(PowerCut):
        begin(plan_of((A,)), world, PoweredJournal(journal, Power()), carrier_of(world))
    bench(world).point = lambda where: None
    assert resume("r-0001", world, journal, carrier_of(world)) == "released"
    (done,) = [decode(row.name, row.body) for row in journal.rows() if row.name == "done"]
    assert isinstance(done, Done)
    assert done.adopted
    assert bench(world).effects["put a"] == 1


def test_a_document_of_the_release_lies_with_it(world: World, journal: MemoryJournal) -> None:
    begin(plan_of((A,)), world, journal, carrier_of(world))
    assert (world.folders.release(2) / "release.json").exists()


def test_a_rollback_makes_no_document(world: World, journal: MemoryJournal) -> None:
    begin(plan_of((A,), kind="rollback"), world, journal, carrier_of(world))
    assert not world.folders.releases.exists()


def test_nobody_owns_the_journal_when_it_is_over(world: World, journal: MemoryJournal) -> None:
    owners = []
    bench(world).point = lambda where: owners.append(journal.owner())
    begin(plan_of((A,)), world, journal, carrier_of(world))
    assert owners[-1] is not None
    assert (owners[-1].run, owners[-1].fence, owners[-1].message) == ("r-0001", 2, "deploy 2")
    assert journal.owner() is None


def test_where_it_stands_is_the_same_for_who_reads_and_who_runs(world: World, journal: MemoryJournal) -> None:
    bench(world).trouble["do b"] = [StepFailed("b is broken")]
    begin(plan_of((A,), (B,)), world, journal, carrier_of(world))
    now = run_state(journal.rows("r-0001"))
    assert (now.outcome, now.direction, now.started) == ("undone", "back", ())
    assert now.undone == ("2.1", "1.1")


def test_a_resumed_run_lets_the_last_fleet_and_traffic_hold_again(world: World, journal: MemoryJournal) -> None:
    plan = plan_of(
        (Put(name="a"), Move(name="m")), (Put(name="b"), Move(name="n")), (Wait(name="x"),), (Burn(name="d"),)
    )
    power = Power(1)
    clock = bench(world).clock
    assert isinstance(clock, TurnableClock)
    clock.paused = lambda: power.point("waiting for x")
    with pytest.raises(PowerCut):
        begin(plan, world, journal, carrier_of(world))
    clock.paused = lambda: None
    bench(world).told.clear()
    bench(world).things["x"] = "whole"
    resume("r-0001", world, journal, carrier_of(world))
    assert bench(world).told == ["hold b", "hold n", "do d"]
