"""What stops a run on its way: interruptions, aborts, newer runs, steps that nobody can judge, processes that die."""

import pytest

from mainstay.drivers.world import World
from mainstay.engine.engine import answer, begin, request_undo, resume
from mainstay.engine.executor import Threads
from mainstay.engine.runner import Runner
from mainstay.errors import BadInput, FenceRefused, Interrupted, NotReady, Parked, StepFailed, Unreachable
from mainstay.history.run_state import RunState, run_state
from mainstay.steps.step import Look, Step
from tests.engine.workbench import Burn, Move, Put, Wait, bench, carrier_of, names, plan_of
from tests.fakes.clock import TurnableClock
from tests.fakes.journal import MemoryJournal
from tests.fakes.power import PowerCut

A, B = Put(name="a"), Put(name="b")
RUN = "r-0001"


@pytest.fixture
def runner(world: World) -> Runner:
    return carrier_of(world)


def now(journal: MemoryJournal) -> RunState:
    return run_state(journal.rows(RUN))


def at(world: World, where: str, act: object) -> None:
    """Let *act* happen when the bench is at *where*, once."""
    assert callable(act)
    waiting = [act]
    bench(world).point = lambda here: waiting.pop()() if here == where and waiting else None


def dies() -> None:
    raise PowerCut


def while_waiting(world: World, act: object) -> None:
    assert callable(act)
    clock = bench(world).clock
    assert isinstance(clock, TurnableClock)
    clock.paused = lambda: act() if clock.monotonic() > 3 else None


def request_abort(journal: MemoryJournal, world: World) -> None:
    journal.request_abort(RUN)
    world.clock.pause(2)


def test_an_interruption_before_traffic_moves_stops_between_steps(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    at(world, "after put a", lambda: runner.interruption.ask(2))
    with pytest.raises(Interrupted) as told:
        begin(plan_of((A,), (B,)), world, journal, runner)
    assert (told.value.exit_code, told.value.signal) == (130, 2)
    assert names(journal)[-1] == "done"
    assert resume(RUN, world, journal, carrier_of(world)) == "released"


def test_an_interruption_ends_a_wait(world: World, journal: MemoryJournal, runner: Runner) -> None:
    while_waiting(world, lambda: runner.interruption.ask(15))
    with pytest.raises(Interrupted) as told:
        begin(plan_of((A,), (Wait(name="never"),)), world, journal, runner)
    assert told.value.exit_code == 143
    assert world.clock.monotonic() < 6
    assert now(journal).started == ("1.1", "2.1")


def test_an_interruption_sends_traffic_home_before_it_stops(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    while_waiting(world, lambda: runner.interruption.ask(2) if runner.interruption.signal is None else None)
    with pytest.raises(Interrupted):
        begin(plan_of((A,), (Move(name="m"),), (Wait(name="x"),)), world, journal, runner)
    assert "withdraw m" in bench(world).told
    assert names(journal)[-1] == "withdrawn"
    assert now(journal).started == ("1.1", "2.1", "3.1")
    assert now(journal).done == {"1.1"}
    bench(world).things["x"] = "whole"
    assert resume(RUN, world, journal, carrier_of(world)) == "released"
    assert bench(world).told.count("do m") == 2


def test_asked_twice_it_stops_now_and_leaves_traffic_where_it_is(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    def ask_twice() -> None:
        runner.interruption.ask(2)
        runner.interruption.ask(2)

    while_waiting(world, ask_twice)
    with pytest.raises(Interrupted):
        begin(plan_of((Move(name="m"),), (Wait(name="x"),)), world, journal, runner)
    assert "withdraw m" not in bench(world).told
    assert names(journal)[-1] == "started"


def test_after_retire_has_begun_an_interruption_leaves_traffic_where_it_is(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    at(world, "after put b", lambda: runner.interruption.ask(2))
    with pytest.raises(Interrupted):
        begin(plan_of((Move(name="m"),), (Burn(name="b"),), (Burn(name="c"),)), world, journal, runner)
    assert "withdraw m" not in bench(world).told
    assert resume(RUN, world, journal, carrier_of(world)) == "released"


def test_an_abort_is_heard_in_the_middle_of_a_wait(world: World, journal: MemoryJournal, runner: Runner) -> None:
    while_waiting(world, lambda: journal.request_abort(RUN))
    assert begin(plan_of((A,), (Wait(name="never"),)), world, journal, runner) == "undone"
    assert world.clock.monotonic() < 6
    assert bench(world).things == {}
    assert names(journal).count("turned") == 1


def test_an_abort_is_heard_between_steps(world: World, journal: MemoryJournal, runner: Runner) -> None:
    world.clock.pause(5)
    at(world, "before put a", lambda: request_abort(journal, world))
    assert begin(plan_of((A,), (B,)), world, journal, runner) == "undone"
    assert bench(world).effects == {"put a": 1, "take a": 1}


def test_past_the_point_of_return_an_abort_is_not_heard(world: World, journal: MemoryJournal, runner: Runner) -> None:
    at(world, "before put b", lambda: request_abort(journal, world))
    assert begin(plan_of((A,), (Burn(name="b"),), (Burn(name="c"),)), world, journal, runner) == "released"


def test_an_abort_of_a_run_that_nobody_carries_goes_back(world: World, journal: MemoryJournal, runner: Runner) -> None:
    at(world, "amid put b", dies)
    with pytest.raises(PowerCut):
        begin(plan_of((A,), (B,)), world, journal, runner)
    request_undo(RUN, journal, by="ada", why="abort")
    request_undo(RUN, journal, by="ada", why="abort, once more")
    assert names(journal).count("turned") == 1
    assert resume(RUN, world, journal, carrier_of(world)) == "undone"
    assert bench(world).things == {}


def test_an_abort_is_refused_once_something_was_retired(world: World, journal: MemoryJournal, runner: Runner) -> None:
    at(world, "before put b", dies)
    with pytest.raises(PowerCut):
        begin(plan_of((A,), (Burn(name="b"),)), world, journal, runner)
    with pytest.raises(NotReady, match="can no longer be undone; only cleanup remains"):
        request_undo(RUN, journal, by="ada", why="abort")


def test_a_run_that_is_over_cannot_go_back(world: World, journal: MemoryJournal, runner: Runner) -> None:
    begin(plan_of((A,)), world, journal, runner)
    with pytest.raises(NotReady, match="has already finished"):
        request_undo(RUN, journal, by="ada", why="abort")


@pytest.mark.failure("F15")
@pytest.mark.failure("F17")
@pytest.mark.goal("G6")
def test_overtaken_by_a_newer_run_it_stops_at_once_and_tells_nothing_more(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    at(world, "after put a", lambda: setattr(bench(world), "claimed_fence", 99))
    with pytest.raises(FenceRefused):
        begin(plan_of((A,), (B,)), world, journal, runner)
    assert not {"failed", "turned", "parked"} & set(names(journal))
    assert bench(world).things == {"a": "whole"}


@pytest.mark.failure("F15")
def test_overtaken_in_the_middle_of_a_watch_it_stops(world: World, journal: MemoryJournal, runner: Runner) -> None:
    while_waiting(world, lambda: setattr(bench(world), "claimed_fence", 99))
    with pytest.raises(FenceRefused):
        begin(plan_of((Move(name="m"),), (Wait(name="never"),)), world, journal, runner)
    assert "withdraw m" not in bench(world).told


def test_what_cannot_be_told_is_asked_again_and_then_parked(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    at(world, "amid put a", dies)
    with pytest.raises(PowerCut):
        begin(plan_of((A,)), world, journal, runner)
    bench(world).looks["a"] = [Look.UNKNOWN] * 20
    with pytest.raises(Parked) as told:
        resume(RUN, world, journal, carrier_of(world))
    assert "--as done|undone 1.1" in told.value.remedy
    parked = now(journal).parked
    assert parked is not None
    assert parked.step == "1.1"


@pytest.mark.parametrize(("word", "effects"), [("done", {}), ("undone", {"put a": 1})])
def test_a_persons_word_on_a_parked_step_is_taken(
    word: str, effects: dict[str, int], world: World, journal: MemoryJournal, runner: Runner
) -> None:
    test_what_cannot_be_told_is_asked_again_and_then_parked(world, journal, runner)
    answer(RUN, journal, "1.1", "done" if word == "done" else "undone", because="I looked", by="ada")
    bench(world).looks.clear()
    assert resume(RUN, world, journal, carrier_of(world)) == "released"
    assert bench(world).effects == effects


def test_a_word_on_a_step_that_is_not_parked_is_refused(world: World, journal: MemoryJournal, runner: Runner) -> None:
    test_what_cannot_be_told_is_asked_again_and_then_parked(world, journal, runner)
    with pytest.raises(BadInput, match=r"the run is parked at step 1\.1"):
        answer(RUN, journal, "2.1", "done", because="I guess", by="ada")


def test_what_is_known_after_a_while_needs_no_word(world: World, journal: MemoryJournal, runner: Runner) -> None:
    at(world, "amid put a", dies)
    with pytest.raises(PowerCut):
        begin(plan_of((A,)), world, journal, runner)
    bench(world).looks["a"] = [Look.UNKNOWN, Look.UNKNOWN]
    assert resume(RUN, world, journal, carrier_of(world)) == "released"


@pytest.mark.failure("F8")
def test_five_processes_that_die_at_one_step_are_enough(world: World, journal: MemoryJournal, runner: Runner) -> None:
    bench(world).point = lambda where: dies() if where == "amid put b" else None
    with pytest.raises(PowerCut):
        begin(plan_of((A,), (B,)), world, journal, runner)
    for _ in range(5):
        with pytest.raises(PowerCut):
            resume(RUN, world, journal, carrier_of(world))
    with pytest.raises(Parked, match=r"5 processes in a row crashed at step 2\.1"):
        resume(RUN, world, journal, carrier_of(world))
    bench(world).point = lambda where: None
    assert resume(RUN, world, journal, carrier_of(world)) == "released"


def test_an_undo_that_is_not_answered_is_tried_again(world: World, journal: MemoryJournal, runner: Runner) -> None:
    bench(world).trouble["do b"] = [StepFailed("b is broken")]
    bench(world).trouble["undo a"] = [Unreachable("no answer")] * 3
    assert begin(plan_of((A,), (B,)), world, journal, runner) == "undone"
    assert "parked" not in names(journal)


def test_an_undo_that_fails_parks_and_resume_tries_again(world: World, journal: MemoryJournal, runner: Runner) -> None:
    bench(world).trouble["do b"] = [StepFailed("b is broken")]
    bench(world).trouble["undo a"] = [StepFailed("a is stuck")]
    with pytest.raises(Parked, match="could not be undone: a is stuck") as told:
        begin(plan_of((A,), (B,)), world, journal, runner)
    assert told.value.exit_code == 5
    assert resume(RUN, world, journal, carrier_of(world)) == "undone"


def test_what_retires_and_fails_parks_and_is_never_undone(world: World, journal: MemoryJournal, runner: Runner) -> None:
    bench(world).trouble["do b"] = [StepFailed("it does not stop")]
    with pytest.raises(Parked, match="it does not stop") as told:
        begin(plan_of((A,), (Burn(name="b"),)), world, journal, runner)
    assert told.value.exit_code == 5
    assert "turned" not in names(journal)
    assert resume(RUN, world, journal, carrier_of(world)) == "released"


def test_what_retires_is_tried_again_while_it_is_not_answered(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    bench(world).trouble["do b"] = [Unreachable("no answer")] * 3
    assert begin(plan_of((A,), (Burn(name="b"),)), world, journal, runner) == "released"


def test_a_target_that_does_not_answer_at_all_parks(world: World, journal: MemoryJournal, runner: Runner) -> None:
    bench(world).answers = False
    with pytest.raises(Parked):
        begin(plan_of((A,)), world, journal, runner)
    bench(world).answers = True
    assert resume(RUN, world, journal, carrier_of(world)) == "released"


@pytest.mark.parametrize("first", [A, Move(name="m")], ids=["before traffic has moved", "after it"])
def test_a_run_that_waits_says_so_every_second(
    world: World, journal: MemoryJournal, runner: Runner, first: Step
) -> None:
    begin(plan_of((first,), (Wait(name="q", within=10),)), world, journal, runner)
    assert 9 <= len(bench(world).heartbeats) <= 12


def test_who_lays_down_does_not_wake_what_ends(world: World, journal: MemoryJournal, runner: Runner) -> None:
    begin(plan_of((Wait(name="q", within=10),), kind="down"), world, journal, runner)
    assert bench(world).heartbeats == []


@pytest.mark.failure("F6")
def test_traffic_that_went_home_unwatched_is_moved_and_observed_anew(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    while_waiting(world, dies)
    with pytest.raises(PowerCut):
        begin(plan_of((Move(name="m"),), (Wait(name="x"),), (Burn(name="b"),)), world, journal, runner)
    while_waiting(world, lambda: None)
    bench(world).things = {"x": "whole"}
    assert resume(RUN, world, journal, carrier_of(world)) == "released"
    assert bench(world).told.count("do m") == 2
    assert names(journal).count("withdrawn") == 1


@pytest.mark.parametrize("broken", ["a", "b"])
def test_when_one_of_a_rank_fails_the_waits_of_the_others_end(
    broken: str, world: World, journal: MemoryJournal
) -> None:
    bench(world).trouble[f"do {broken}"] = [StepFailed(f"{broken} is broken")]
    runner = carrier_of(world, Threads(world.clock))
    rank = (A, Wait(name="never", within=1e9), B)
    assert begin(plan_of(rank), world, journal, runner) == "undone"
    assert world.clock.monotonic() < 1e8
    assert names(journal)[-8:] == ["turned", *["undoing", "undone"] * 3, "ended"]


def test_a_bug_is_a_crash_and_a_crash_is_safe(world: World, journal: MemoryJournal) -> None:
    at(world, "amid put a", lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        begin(plan_of((A, B)), world, journal, carrier_of(world, Threads(world.clock)))
    assert resume(RUN, world, journal, carrier_of(world)) == "released"
    assert bench(world).effects == {"put a": 1, "put b": 1}
