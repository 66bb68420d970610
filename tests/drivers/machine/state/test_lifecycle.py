"""The lifecycle of one instance: probes, exits and restarts, within the table of instance states."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mainstay.drivers.machine.instances.probes import Probe
from mainstay.drivers.machine.state import lifecycle
from mainstay.drivers.machine.state.lifecycle import (
    Runtime,
    after_end,
    after_probe,
    after_start,
    is_stuck,
    state_of,
)
from mainstay.model import Health, Workload
from mainstay.model.status import INSTANCE_STATES, InstanceState
from mainstay.system.process_runner import End
from tests.drivers.machine.state.states import PROCESS, STEADY, TASK, WEB, WORKER

EVENTS = ("start", "good", "bad", "leave", "exit 0", "exit 1")
HTTP = Health("http", ready="/ready")
WITH_LIVENESS = Workload("web", ("serve",), health=Health("http", ready="/ready", live="/live", stuck_after_s=30))
GOOD, BAD = Probe("good"), Probe("bad", "GET http://127.0.0.1:1000/ready → 404")
SILENT = Probe("silent", "GET http://127.0.0.1:1000/ready → no response within 10 s")


@given(st.lists(st.sampled_from(EVENTS), max_size=30), st.sampled_from(("unless-stopped", "on-failure", "no")))
def test_every_change_of_state_is_in_the_table(
    events: list[str], restart: Literal["unless-stopped", "on-failure", "no"]
) -> None:
    workload = Workload("web", ("serve",), steady_s=1.0, restart=restart)
    runtime, leaving = Runtime(), False
    state: InstanceState = "starting"
    for second, event in enumerate(events):
        leaving = leaving or event == "leave"
        if not (leaving and event == "start"):
            runtime = after_event(runtime, workload, event, float(second))
        ready = bool(runtime.process and runtime.answers and runtime.record.steady)
        now = state_of(runtime, leaving=leaving, ready=ready)
        assert now == state or now in INSTANCE_STATES[state].then
        state = now


def after_event(runtime: Runtime, workload: Workload, event: str, now: float) -> Runtime:
    """Return *runtime* after *event*, if that can happen to it."""
    if runtime.process is None:
        return after_start(runtime, PROCESS, now) if event == "start" and not runtime.record.failed else runtime
    match event:
        case "good" | "bad":
            return after_probe(runtime, workload, GOOD if event == "good" else BAD, now)
        case "exit 0" | "exit 1":
            return after_end(runtime, workload, End(int(event[-1])), proven=False, now=now, at="now")
    return runtime


def test_a_busy_instance_has_10_s_to_respond_and_a_starting_one_the_time_limit() -> None:
    web = Workload("web", ("serve",), health=HTTP)
    assert (lifecycle.probe_timeout(STEADY, web), lifecycle.probe_timeout(Runtime(), web)) == (10.0, 1.0)
    slow = Workload("web", ("serve",), health=Health("http", ready="/ready", limit_s=30))
    assert lifecycle.probe_timeout(STEADY, slow) == 30


def probed(runtime: Runtime, *probes: tuple[float, bool]) -> Runtime:
    """Return *runtime* after liveness probes, each with its time and whether it succeeded."""
    for at, good in probes:
        runtime = lifecycle.after_live(runtime, WITH_LIVENESS, good, at)
    return runtime


@pytest.mark.parametrize(
    ("probes", "stuck"),
    [
        pytest.param([(0, False), (15, False), (30, False)], True, id="no response for 30 s"),
        pytest.param([(0, False), (10, False), (20, False)], False, id="no response for 20 s"),
        pytest.param([(0, False), (3600, False)], False, id="two failures, the machine was suspended in between"),
        pytest.param([(0, False), (15, True), (30, False), (40, False)], False, id="a response in between"),
    ],
)
def test_an_instance_is_stuck_after_more_than_two_failed_probes_over_30_s(
    probes: list[tuple[float, bool]], stuck: bool
) -> None:
    runtime = probed(STEADY, *probes)
    assert is_stuck(runtime, WITH_LIVENESS, probes[-1][0]) is stuck
    assert runtime.reason == ("stuck, /live was not answered" if stuck else "")


@pytest.mark.parametrize("leaving", [replace(STEADY, drain_since=5.0), replace(STEADY, drained=True)])
def test_a_leaving_instance_is_never_stuck(leaving: Runtime) -> None:
    assert not is_stuck(probed(leaving, *((float(at), False) for at in range(0, 100, 5))), WITH_LIVENESS, 95)


def test_an_instance_is_steady_after_steady_s_without_a_failed_probe() -> None:
    runtime = after_probe(after_start(Runtime(), PROCESS, 0), WEB, GOOD, 1)
    assert not after_probe(runtime, WEB, GOOD, 10.9).record.steady
    assert after_probe(runtime, WEB, GOOD, 11).record.steady
    recovered = after_probe(after_probe(runtime, WEB, BAD, 5), WEB, GOOD, 6)
    assert not after_probe(recovered, WEB, GOOD, 15).record.steady


def test_a_ready_instance_becomes_unready_after_two_failed_probes_in_a_row() -> None:
    once = after_probe(STEADY, WEB, BAD, 20)
    assert (once.answers, once.probe) == (True, BAD.exchange)
    assert not after_probe(once, WEB, BAD, 21).answers
    assert after_probe(once, WEB, GOOD, 21) == STEADY


def test_a_ready_instance_becomes_unready_after_one_probe_without_a_response() -> None:
    assert not after_probe(STEADY, WEB, SILENT, 20).answers


def exited(runtime: Runtime, code: int, now: float, *, proven: bool = False) -> Runtime:
    started = after_start(runtime, PROCESS, now)
    return after_end(started, WEB, End(code), proven=proven, now=now, at="now")


def test_three_early_exits_within_the_time_limit_are_a_failure() -> None:
    second = exited(exited(Runtime(), 1, 0), 1, 10)
    assert not second.record.failed
    assert exited(second, 1, 29).record.failed
    assert not exited(second, 1, 31).record.failed


def test_a_proven_revision_is_restarted_without_limit() -> None:
    runtime = Runtime()
    for now in range(10):
        runtime = exited(runtime, 1, now, proven=True)
    assert not runtime.record.failed


def test_the_backoff_doubles_up_to_30_s_and_is_reset_after_a_minute() -> None:
    runtime, waits = Runtime(), []
    for _ in range(11):
        runtime = exited(runtime, 1, 0, proven=True)
        waits.append(runtime.start_at)
    assert waits[:3] == [0.1, 0.2, 0.4]
    assert waits[-1] == 30
    ready = after_start(runtime, PROCESS, 0)
    assert after_end(ready, WEB, End(1), proven=True, now=61, at="now").start_at == pytest.approx(61.1)


@pytest.mark.parametrize(
    ("lived_s", "ready", "wait_s"),
    [
        pytest.param(13, True, 1.3, id="ready, ran for 13 s"),
        pytest.param(3, True, 0.3, id="ready, ran for 3 s"),
        pytest.param(0.3, True, 0.1, id="ready, ran for a moment"),
        pytest.param(13, False, 30, id="never ready, ran for 13 s"),
    ],
)
def test_the_backoff_of_a_service_that_was_ready_is_a_tenth_of_its_lifetime(
    lived_s: float, ready: bool, wait_s: float
) -> None:
    runtime, now = Runtime(), 0.0
    for _ in range(12):
        started = after_start(runtime, PROCESS, now)
        started = replace(started, record=replace(started.record, steady=ready))
        now += lived_s
        runtime = after_end(started, WEB, End(1), proven=True, now=now, at="now")
    assert runtime.start_at - now == pytest.approx(wait_s)


@pytest.mark.parametrize(
    ("workload", "code"),
    [(TASK, 1), (WORKER, 0), (replace(WEB, restart="on-failure"), 0)],
    ids=["code 1", "worker", "port"],
)
def test_a_failed_task_and_a_service_are_never_done(workload: Workload, code: int) -> None:
    ended = after_end(Runtime(process=PROCESS), workload, End(code), proven=False, now=1, at="now")
    assert not ended.record.done


@pytest.mark.parametrize(
    ("restart", "code", "comes_back"),
    [("no", 1, False), ("on-failure", 0, False), ("on-failure", 1, True), ("always", 0, True)],
)
def test_an_exit_is_handled_according_to_the_restart_policy(restart: str, code: int, comes_back: bool) -> None:
    workload = replace(WEB, restart=restart)
    runtime = after_end(STEADY, workload, End(code), proven=True, now=100, at="now")
    assert runtime.record.failed is not comes_back
