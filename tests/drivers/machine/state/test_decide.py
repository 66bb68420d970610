"""The next actions, as a pure function of the desired state, the runtimes and the requests in flight."""

import math

import pytest
from msgspec.structs import replace

from mainstay.drivers.machine.state import lifecycle
from mainstay.drivers.machine.state.decide import Action, cancelled_drains, decide, ready
from mainstay.drivers.machine.state.lifecycle import Runtime
from mainstay.model import Edge
from mainstay.system.process_runner import End
from tests.drivers.machine.state.states import (
    NO_INSTANCE,
    PROCESS,
    STEADY,
    STORE,
    TASK,
    WEB,
    decide_one,
    next_fleet,
    placed_fleet,
    with_addresses,
)


def test_a_service_waits_for_a_datastore_that_starts() -> None:
    desired = with_addresses(placed_fleet((41, 1, WEB), (41, 1, STORE)))
    assert decide(desired, {}, {}, NO_INSTANCE, 5.0).actions == (Action("start", "db-41-1"),)
    answering = decide(desired, {"db-41-1": STEADY}, {}, NO_INSTANCE, 5.0)
    assert answering.actions == (Action("start", "web-41-1"),)


def test_a_stub_that_has_not_written_its_note_is_not_started_again() -> None:
    desired = with_addresses(placed_fleet((41, 1, WEB)))
    assert decide(desired, {}, {}, frozenset({"web-41-1"}), 5.0).actions == ()


def test_a_leaving_instance_is_stopped_only_once_it_has_no_requests_in_flight() -> None:
    desired = next_fleet(with_addresses(placed_fleet((41, 1, WEB))), (42, 0, WEB))
    runtime, actions = decide_one(desired, STEADY, None, 100)
    assert (runtime.drain_since, actions) == (100, ())
    runtime, actions = decide_one(desired, runtime, 3, 110)
    assert actions == ()
    runtime, actions = decide_one(desired, runtime, 0, 111)
    assert (runtime.drained, actions, ready(desired, {"web-41-1": runtime})) == (True, (), NO_INSTANCE)
    runtime, actions = decide_one(desired, runtime, 0, 111)
    assert actions == (Action("stop", "web-41-1"),)
    assert decide_one(desired, runtime, 0, 115)[1] == ()
    assert decide_one(desired, runtime, 0, 116)[1] == (Action("kill", "web-41-1"),)
    assert decide_one(desired, replace(runtime, process=None), 0, 117)[1] == (Action("forget", "web-41-1"),)


def test_a_drain_begins_only_once_haproxy_has_accepted_its_slots() -> None:
    before = {"web-1-1": STEADY, "web-1-2": replace(STEADY, drain_since=3.0)}
    after = {name: replace(runtime, drain_since=5.0, drained=True) for name, runtime in before.items()}
    assert cancelled_drains(before, after) == {"web-1-1": STEADY}


def test_requests_in_flight_at_the_end_of_the_drain_are_counted() -> None:
    desired = next_fleet(with_addresses(placed_fleet((41, 1, WEB))), (42, 0, WEB))
    draining = replace(STEADY, drain_since=100.0)
    assert decide(desired, {"web-41-1": draining}, {"web-41-1": 2}, NO_INSTANCE, 129).cut == {}
    assert decide(desired, {"web-41-1": draining}, {"web-41-1": 2}, NO_INSTANCE, 130).cut == {"web-41-1": 2}


def test_a_proven_revision_without_a_steady_instance_is_ready_once_it_answers() -> None:
    desired = placed_fleet((41, 2, WEB), proven=("web@41",))
    answers = Runtime(process=PROCESS, answers=True, good_since=0)
    assert ready(desired, {"web-41-1": answers}) == {"web-41-1"}
    assert ready(desired, {"web-41-1": answers, "web-41-2": STEADY}) == {"web-41-2"}
    assert ready(replace(desired, proven=()), {"web-41-1": answers}) == NO_INSTANCE


@pytest.mark.parametrize("runtime", [Runtime(process=PROCESS), STEADY], ids=["before it was steady", "afterwards"])
def test_a_task_that_exits_with_0_is_done_and_not_restarted(runtime: Runtime) -> None:
    exit_0 = lifecycle.after_end(runtime, TASK, End(0), proven=False, now=1, at="now")
    assert (exit_0.record.done, exit_0.record.early_exits) == (True, 0)
    assert exit_0.record.last_exit is not None
    assert exit_0.record.last_exit.reason == ""
    desired = placed_fleet((1, 1, TASK))
    assert decide_one(desired, exit_0, None, 100)[1] == ()


def test_without_actions_no_next_decision_is_due() -> None:
    desired = with_addresses(placed_fleet((41, 1, WEB), edge=Edge()))
    decided = decide(desired, {"web-41-1": STEADY}, {}, NO_INSTANCE, 5.0)
    assert (decided.actions, decided.next_at) == ((), math.inf)
