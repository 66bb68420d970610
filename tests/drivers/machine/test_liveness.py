"""Whoever is stuck is ended and started again, as after a crash; whoever is only not ready, slow or leaving is not."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.drivers.machine.state import lifecycle
from mainstay.drivers.machine.state.lifecycle import Record, Runtime, is_stuck
from mainstay.model import Health, Workload
from mainstay.system.processes import Started
from tests.drivers.machine.place import Place, a_place, member, service

WEB = Workload("web", ("serve",), health=Health("http", ready="/ready", live="/live", stuck_after_s=30))
STEADY = Runtime(record=Record(steady=True), process=Started("boot", 7, 100), answers=True)


@pytest.fixture
def place() -> Iterator[Place]:
    with a_place() as one:
        yield one


def asked(runtime: Runtime, *answered: tuple[float, bool]) -> Runtime:
    """*runtime* after it was asked, each time when and whether it answered."""
    for at, good in answered:
        runtime = lifecycle.after_live(runtime, WEB, good, at)
    return runtime


@pytest.mark.parametrize(
    ("answered", "stuck"),
    [
        pytest.param([(0, False), (15, False), (30, False)], True, id="silent for long"),
        pytest.param([(0, False), (10, False), (20, False)], False, id="silent, but not for long enough"),
        pytest.param([(0, False), (3600, False)], False, id="twice, the machine slept in between"),
        pytest.param([(0, False), (15, True), (30, False), (40, False)], False, id="it answered meanwhile"),
    ],
)
def test_stuck_is_who_is_silent_for_long_and_more_than_twice(answered: list[tuple[float, bool]], stuck: bool) -> None:
    runtime = asked(STEADY, *answered)
    assert is_stuck(runtime, WEB, answered[-1][0]) is stuck
    assert runtime.reason == ("stuck, /live was not answered" if stuck else "")


@pytest.mark.parametrize("leaving", [replace(STEADY, drain_since=5.0), replace(STEADY, drained=True)])
def test_whoever_leaves_may_take_its_time(leaving: Runtime) -> None:
    assert not is_stuck(asked(leaving, *((float(at), False) for at in range(0, 100, 5))), WEB, 95)


@pytest.mark.requirement("F9")
def test_one_that_is_stuck_is_ended_and_started_again(place: Place) -> None:
    (before,) = place.up(member(service(health=Health("http", "/health", "/live", every_s=0.1, stuck_after_s=0.5))))
    assert before.pid is not None
    os.kill(before.pid, signal.SIGSTOP)
    place.until(lambda: place.ready(1) and place.found(1)[0].pid != before.pid, "the instance again")
    (after,) = place.found(1)
    assert after.restarts == 1
    assert after.last_exit is not None
    assert (after.last_exit.signal, after.last_exit.reason) == ("SIGKILL", "stuck, /live was not answered")


@pytest.mark.requirement("F17")
def test_one_that_is_only_not_ready_is_left_alone(place: Place, tmp_path: Path) -> None:
    sick, health = tmp_path / "sick", Health("http", "/health", "/live", every_s=0.1, stuck_after_s=0.3)
    (before,) = place.up(member(service(health=health, told={"SICK_WHEN": str(sick)})))
    sick.touch()
    place.until(lambda: place.found(1)[0].state == "unready", "unready")
    said = place.folders.logs / "web" / f"{before.id}.out"
    place.until(lambda: said.read_text().partition(" 503 ")[2].count("/live") > 10, "ten questions")
    (after,) = place.found(1)
    assert (after.state, after.pid, after.restarts) == ("unready", before.pid, 0)
