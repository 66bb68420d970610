"""When a broken edge refuses a deploy, and when it does not."""

import pytest
from msgspec.structs import replace

from mainstay.errors import FrontDoorLost, FrontDoorTaken
from mainstay.model import Edge, Route
from mainstay.operations.front_door import LASTS_S, OPENS_WITHIN_S, lost
from tests.fakes.clock import TurnableClock
from tests.fakes.target import FakeTarget

EDGE = Edge(http=8080, routes=(Route("/", "web"),))
TAKEN = "port 8080 is taken by python3 (pid 812)"
SILENT = "HAProxy (pid 812) does not answer"


@pytest.fixture
def target() -> FakeTarget:
    target = FakeTarget(TurnableClock())
    target.start()
    target.set_edge(EDGE)
    return target


def broken(target: FakeTarget, what: str, code: str) -> None:
    target.edge_problem, target.edge_problem_code = what, code


def test_an_open_edge_refuses_nothing(target: FakeTarget) -> None:
    assert lost(target, target.clock, EDGE) is None
    assert target.clock.monotonic() == 0


def test_a_taken_port_is_refused_at_once_with_its_holder_and_what_to_do(target: FakeTarget) -> None:
    broken(target, TAKEN, "port-taken")
    found = lost(target, target.clock, EDGE)
    assert isinstance(found, FrontDoorTaken)
    opens = "the services keep running, and the front door opens once the port is free"
    assert (found.what, found.remedy) == (f"{TAKEN}; {opens}", "stop that program")
    assert found.exit_code == 1
    assert target.clock.monotonic() == 0


def test_a_plan_with_another_port_repairs_a_taken_one_but_not_a_frozen_haproxy(target: FakeTarget) -> None:
    broken(target, TAKEN, "port-taken")
    assert lost(target, target.clock, replace(EDGE, http=9090)) is None
    broken(target, SILENT, "edge-silent")
    found = lost(target, target.clock, replace(EDGE, http=9090))
    assert isinstance(found, FrontDoorLost)
    assert "does not answer" in found.what


def test_a_haproxy_that_is_being_replaced_is_waited_for(target: FakeTarget) -> None:
    broken(target, SILENT, "edge-silent")
    target.clock = TurnableClock(lambda: broken(target, "", ""))
    assert lost(target, target.clock, EDGE) is None
    assert target.clock.monotonic() < LASTS_S


def test_a_problem_that_lasts_is_refused_long_before_the_limit(target: FakeTarget) -> None:
    broken(target, SILENT, "edge-silent")
    assert isinstance(lost(target, target.clock, EDGE), FrontDoorLost)
    assert LASTS_S <= target.clock.monotonic() < OPENS_WITHIN_S / 5
