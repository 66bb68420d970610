"""Configure the edge: idempotent, and undone."""

from math import inf

import pytest
from msgspec.structs import replace

from mainstay.drivers.world import RunWorld
from mainstay.errors import PortTaken, StepFailed
from mainstay.model.tls import Tls
from mainstay.steps.configure_edge import ConfigureEdge
from mainstay.steps.step import Look
from tests.fakes.target import FakeTarget
from tests.shop import EDGE


def test_the_ports_of_both_protocols_are_in_the_title() -> None:
    both = replace(EDGE, https=443, tls=Tls())
    assert ConfigureEdge(before=EDGE, after=both).title.startswith("Change the edge on port 8080, https on port 443: ")
    chosen = replace(both, http=0, https=0)
    assert ConfigureEdge(before=None, after=chosen).title.startswith(
        "Open the edge on a free port, https on a free port: "
    )


def test_the_edge_opens_and_closes_again(world: RunWorld) -> None:
    step = ConfigureEdge(before=None, after=EDGE)
    assert step.title == "Open the edge on port 8080: /api → api, / → web"
    assert step.look(world) is Look.ABSENT
    assert step.do(world) == "open at http://127.0.0.1:8080"
    assert step.look(world) is Look.PRESENT
    assert step.undo(world) == "no edge"
    assert step.look(world) is Look.ABSENT


def test_a_step_that_changes_the_edge_waits_until_the_edge_is_open(world: RunWorld, target: FakeTarget) -> None:
    target.edge_takes_s = 5
    step = ConfigureEdge(before=None, after=EDGE)
    target.set_edge(EDGE)
    assert step.look(world) is Look.PARTIAL
    step.do(world)
    assert 5 <= world.clock.monotonic() < 6
    assert step.look(world) is Look.PRESENT


@pytest.mark.parametrize(
    ("trouble", "error"),
    [("HAProxy exited immediately", "the edge did not open within 15 s: HAProxy exited immediately"), ("", "the edge")],
    ids=["with a reason", "without a reason"],
)
def test_an_edge_that_does_not_open_fails_with_the_reason(
    world: RunWorld, target: FakeTarget, trouble: str, error: str
) -> None:
    target.edge_takes_s = inf
    target.edge_problem = trouble
    with pytest.raises(StepFailed, match=error):
        ConfigureEdge(before=None, after=EDGE).do(world)
    assert 15 <= world.clock.monotonic() < 16


def test_a_taken_port_is_reported_with_its_holder(world: RunWorld, target: FakeTarget) -> None:
    target.taken[8080] = "nginx (pid 7)"
    with pytest.raises(PortTaken, match="taken by nginx"):
        ConfigureEdge(before=None, after=EDGE).do(world)
