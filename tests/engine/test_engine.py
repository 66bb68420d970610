"""What stops a run: interruptions, aborts, newer runs, steps in an unknown state, and crashes."""

import pytest

from mainstay.drivers.world import World
from mainstay.engine.engine import answer, begin, request_undo, resume
from mainstay.engine.executor import Threads
from mainstay.engine.runner import Runner
from mainstay.errors import BadInput, FenceRefused, Interrupted, NotReady, Parked, StepFailed, Unreachable
from mainstay.history.run_state import RunState, run_state
from mainstay.steps.step import Look, Step
from tests.engine.items import Burn, Move, Put, Wait, names, plan_of, runner_of, target_of
from tests.fakes.clock import TurnableClock
from tests.fakes.journal import MemoryJournal
from tests.fakes.power import PowerCut

A, B = Put(name="a"), Put(name="b")
RUN = "r-0001"


@pytest.fixture
def runner(world: World) -> Runner:
    return runner_of(world)


def now(journal: MemoryJournal) -> RunState:
    return run_state(journal.rows(RUN))


def at(world: World, where: str, act: object) -> None:
    """Call *act* once, when the target reaches *where*."""
    assert callable(act)
    waiting = [act]
    target_of(world).point = lambda here: waiting.pop()() if here == where and waiting else None


def crash() -> None:
    raise PowerCut


def while_waiting(world: World, act: object) -> None:
    assert callable(act)
    clock = target_of(world).clock
    assert isinstance(clock, TurnableClock)
    clock.paused = lambda: act() if clock.monotonic() > 3 else None


def request_abort(journal: MemoryJournal, world: World) -> None:
    journal.request_abort(RUN, "ann")
    world.clock.pause(2)


def test_an_interruption_before_traffic_moves_stops_between_steps(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    at(world, "after put a", lambda: runner.interruption.request(2))
    with pytest.raises(Interrupted) as raised:
        begin(plan_of((A,), (B,)), world, journal, runner)
    assert raised.value.exit_code == 130
    assert names(journal)[-1] == "done"
    assert resume(RUN, world, journal, runner_of(world)) == "released"


def test_an_interruption_ends_a_wait(world: World, journal: MemoryJournal, runner: Runner) -> None:
    while_waiting(world, lambda: runner.interruption.request(15))
    with pytest.raises(Interrupted) as raised:
        begin(plan_of((A,), (Wait(name="never"),)), world, journal, runner)
    assert raised.value.exit_code == 143
    assert world.clock.monotonic() < 6
    assert now(journal).started == ("1.1", "2.1")


def test_an_interruption_reverts_traffic_before_the_run_stops(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    while_waiting(world, lambda: runner.interruption.request(2) if runner.interruption.signal is None else None)
    with pytest.raises(Interrupted):
        begin(plan_of((A,), (Move(name="m"),), (Wait(name="x"),)), world, journal, runner)
    assert "revert_traffic m" in target_of(world).calls
    assert names(journal)[-1] == "traffic-reverted"
    assert now(journal).started == ("1.1", "2.1", "3.1")
    assert now(journal).done == {"1.1"}
    target_of(world).items["x"] = "complete"
    assert resume(RUN, world, journal, runner_of(world)) == "released"
    assert target_of(world).calls.count("do m") == 2


def test_a_second_interruption_stops_at_once_and_moves_no_traffic(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    def interrupt_twice() -> None:
        runner.interruption.request(2)
        runner.interruption.request(2)

    while_waiting(world, interrupt_twice)
    with pytest.raises(Interrupted):
        begin(plan_of((Move(name="m"),), (Wait(name="x"),)), world, journal, runner)
    assert "revert_traffic m" not in target_of(world).calls
    assert names(journal)[-1] == "started"


def test_an_interruption_after_retire_has_started_moves_no_traffic(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    at(world, "after put b", lambda: runner.interruption.request(2))
    with pytest.raises(Interrupted):
        begin(plan_of((Move(name="m"),), (Burn(name="b"),), (Burn(name="c"),)), world, journal, runner)
    assert "revert_traffic m" not in target_of(world).calls
    assert resume(RUN, world, journal, runner_of(world)) == "released"


def test_an_abort_ends_a_wait(world: World, journal: MemoryJournal, runner: Runner) -> None:
    while_waiting(world, lambda: journal.request_abort(RUN, "ann"))
    assert begin(plan_of((A,), (Wait(name="never"),)), world, journal, runner) == "undone"
    assert world.clock.monotonic() < 6
    assert target_of(world).items == {}
    (undoing,) = (row for row in journal.rows(RUN) if row.name == "undo-started")
    assert b"abort was requested by ann" in undoing.body


def test_an_abort_is_read_between_steps(world: World, journal: MemoryJournal, runner: Runner) -> None:
    world.clock.pause(5)
    at(world, "before put a", lambda: request_abort(journal, world))
    assert begin(plan_of((A,), (B,)), world, journal, runner) == "undone"
    assert target_of(world).effects == {"put a": 1, "take a": 1}


def test_an_abort_after_an_irreversible_step_is_ignored(world: World, journal: MemoryJournal, runner: Runner) -> None:
    at(world, "before put b", lambda: request_abort(journal, world))
    assert begin(plan_of((A,), (Burn(name="b"),), (Burn(name="c"),)), world, journal, runner) == "released"


def test_an_abort_of_a_run_without_a_process_undoes_it_when_it_is_resumed(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    at(world, "amid put b", crash)
    with pytest.raises(PowerCut):
        begin(plan_of((A,), (B,)), world, journal, runner)
    request_undo(RUN, journal, by="ada", why="abort")
    request_undo(RUN, journal, by="ada", why="abort, once more")
    assert names(journal).count("undo-started") == 1
    assert resume(RUN, world, journal, runner_of(world)) == "undone"
    assert target_of(world).items == {}


def test_an_abort_is_refused_after_an_irreversible_step(world: World, journal: MemoryJournal, runner: Runner) -> None:
    at(world, "before put b", crash)
    with pytest.raises(PowerCut):
        begin(plan_of((A,), (Burn(name="b"),)), world, journal, runner)
    with pytest.raises(NotReady, match="can no longer be undone; only cleanup remains"):
        request_undo(RUN, journal, by="ada", why="abort")


def test_an_abort_of_a_finished_run_is_refused(world: World, journal: MemoryJournal, runner: Runner) -> None:
    begin(plan_of((A,)), world, journal, runner)
    with pytest.raises(NotReady, match="has already finished"):
        request_undo(RUN, journal, by="ada", why="abort")


@pytest.mark.failure("F15")
@pytest.mark.failure("F17")
@pytest.mark.goal("G6")
def test_a_run_with_an_older_fence_stops_at_once_and_records_nothing_more(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    at(world, "after put a", lambda: setattr(target_of(world), "claimed_fence", 99))
    with pytest.raises(FenceRefused):
        begin(plan_of((A,), (B,)), world, journal, runner)
    assert not {"failed", "undo-started", "parked"} & set(names(journal))
    assert target_of(world).items == {"a": "complete"}


@pytest.mark.failure("F15")
def test_a_run_with_an_older_fence_stops_during_a_wait(world: World, journal: MemoryJournal, runner: Runner) -> None:
    while_waiting(world, lambda: setattr(target_of(world), "claimed_fence", 99))
    with pytest.raises(FenceRefused):
        begin(plan_of((Move(name="m"),), (Wait(name="never"),)), world, journal, runner)
    assert "revert_traffic m" not in target_of(world).calls


def test_a_run_is_parked_when_the_state_of_a_step_stays_unknown(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    at(world, "amid put a", crash)
    with pytest.raises(PowerCut):
        begin(plan_of((A,)), world, journal, runner)
    target_of(world).looks["a"] = [Look.UNKNOWN] * 20
    with pytest.raises(Parked) as raised:
        resume(RUN, world, journal, runner_of(world))
    assert "--as done|undone 1.1" in raised.value.remedy
    parked = now(journal).parked
    assert parked is not None
    assert parked.step == "1.1"


@pytest.mark.parametrize(("word", "effects"), [("done", {}), ("undone", {"put a": 1})])
def test_an_answer_resolves_the_parked_step(
    word: str, effects: dict[str, int], world: World, journal: MemoryJournal, runner: Runner
) -> None:
    test_a_run_is_parked_when_the_state_of_a_step_stays_unknown(world, journal, runner)
    answer(RUN, journal, "1.1", "done" if word == "done" else "undone", because="I looked", by="ada")
    target_of(world).looks.clear()
    assert resume(RUN, world, journal, runner_of(world)) == "released"
    assert target_of(world).effects == effects


def test_an_answer_on_a_step_that_is_not_parked_is_refused(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    test_a_run_is_parked_when_the_state_of_a_step_stays_unknown(world, journal, runner)
    with pytest.raises(BadInput, match=r"the run is parked at step 1\.1"):
        answer(RUN, journal, "2.1", "done", because="I guess", by="ada")


def test_a_state_that_becomes_known_needs_no_answer(world: World, journal: MemoryJournal, runner: Runner) -> None:
    at(world, "amid put a", crash)
    with pytest.raises(PowerCut):
        begin(plan_of((A,)), world, journal, runner)
    target_of(world).looks["a"] = [Look.UNKNOWN, Look.UNKNOWN]
    assert resume(RUN, world, journal, runner_of(world)) == "released"


@pytest.mark.failure("F8")
def test_a_run_is_parked_after_five_crashes_at_one_step(world: World, journal: MemoryJournal, runner: Runner) -> None:
    target_of(world).point = lambda where: crash() if where == "amid put b" else None
    with pytest.raises(PowerCut):
        begin(plan_of((A,), (B,)), world, journal, runner)
    for _ in range(5):
        with pytest.raises(PowerCut):
            resume(RUN, world, journal, runner_of(world))
    with pytest.raises(Parked, match=r"5 processes in a row crashed at step 2\.1"):
        resume(RUN, world, journal, runner_of(world))
    target_of(world).point = lambda where: None
    assert resume(RUN, world, journal, runner_of(world)) == "released"


def test_an_undo_is_retried_while_the_target_is_unreachable(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    target_of(world).failures["do b"] = [StepFailed("b is broken")]
    target_of(world).failures["undo a"] = [Unreachable("no answer")] * 3
    assert begin(plan_of((A,), (B,)), world, journal, runner) == "undone"
    assert "parked" not in names(journal)


def test_a_failed_undo_parks_the_run_and_resume_retries_it(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    target_of(world).failures["do b"] = [StepFailed("b is broken")]
    target_of(world).failures["undo a"] = [StepFailed("a is stuck")]
    with pytest.raises(Parked, match="could not be undone: a is stuck") as raised:
        begin(plan_of((A,), (B,)), world, journal, runner)
    assert raised.value.exit_code == 5
    assert resume(RUN, world, journal, runner_of(world)) == "undone"


def test_a_failed_irreversible_step_parks_the_run_and_is_not_undone(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    target_of(world).failures["do b"] = [StepFailed("it does not stop")]
    with pytest.raises(Parked, match="it does not stop") as raised:
        begin(plan_of((A,), (Burn(name="b"),)), world, journal, runner)
    assert raised.value.exit_code == 5
    assert "undo-started" not in names(journal)
    assert resume(RUN, world, journal, runner_of(world)) == "released"


def test_an_irreversible_step_is_retried_while_the_target_is_unreachable(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    target_of(world).failures["do b"] = [Unreachable("no answer")] * 3
    assert begin(plan_of((A,), (Burn(name="b"),)), world, journal, runner) == "released"


def test_an_unreachable_target_parks_the_run(world: World, journal: MemoryJournal, runner: Runner) -> None:
    target_of(world).answers = False
    with pytest.raises(Parked):
        begin(plan_of((A,)), world, journal, runner)
    target_of(world).answers = True
    assert resume(RUN, world, journal, runner_of(world)) == "released"


@pytest.mark.parametrize("first", [A, Move(name="m")], ids=["before traffic has moved", "after traffic has moved"])
def test_a_waiting_run_sends_a_heartbeat_every_second(
    world: World, journal: MemoryJournal, runner: Runner, first: Step
) -> None:
    begin(plan_of((first,), (Wait(name="q", within=10),)), world, journal, runner)
    assert 9 <= len(target_of(world).heartbeats) <= 12


def test_a_run_that_stops_the_environment_sends_no_heartbeat(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    begin(plan_of((Wait(name="q", within=10),), kind="down"), world, journal, runner)
    assert target_of(world).heartbeats == []


@pytest.mark.failure("F6")
def test_traffic_that_was_reverted_automatically_is_moved_and_observed_again(
    world: World, journal: MemoryJournal, runner: Runner
) -> None:
    while_waiting(world, crash)
    with pytest.raises(PowerCut):
        begin(plan_of((Move(name="m"),), (Wait(name="x"),), (Burn(name="b"),)), world, journal, runner)
    while_waiting(world, lambda: None)
    target_of(world).items = {"x": "complete"}
    assert resume(RUN, world, journal, runner_of(world)) == "released"
    assert target_of(world).calls.count("do m") == 2
    assert names(journal).count("traffic-reverted") == 1


@pytest.mark.parametrize("broken", ["a", "b"])
def test_a_failed_step_ends_the_waits_of_its_rank(broken: str, world: World, journal: MemoryJournal) -> None:
    target_of(world).failures[f"do {broken}"] = [StepFailed(f"{broken} is broken")]
    runner = runner_of(world, Threads(world.clock))
    rank = (A, Wait(name="never", within=1e9), B)
    assert begin(plan_of(rank), world, journal, runner) == "undone"
    assert world.clock.monotonic() < 1e8
    assert names(journal)[-8:] == ["undo-started", *["undoing", "undone"] * 3, "ended"]


def test_a_run_can_be_resumed_after_an_unexpected_exception(world: World, journal: MemoryJournal) -> None:
    at(world, "amid put a", lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        begin(plan_of((A, B)), world, journal, runner_of(world, Threads(world.clock)))
    assert resume(RUN, world, journal, runner_of(world)) == "released"
    assert target_of(world).effects == {"put a": 1, "put b": 1}
