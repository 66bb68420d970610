"""How many slots each service has, and when that changes."""

from mainstay.drivers.machine.protocol import SetEdge
from mainstay.drivers.machine.state.desired import Desired, DesiredInstance
from mainstay.drivers.machine.state.slot_counts import grown
from mainstay.drivers.machine.state.transitions import after
from mainstay.model import Edge, Members
from tests.drivers.machine.machine import member, service, worker


def members(*counts: int) -> Members:
    return {release: member(service(), count) for release, count in enumerate(counts, 1)}


def test_a_service_has_three_slots_for_each_replica_of_its_largest_revision() -> None:
    fleet = {"web": members(2, 1), "worker": {1: member(worker("sleep"))}}
    assert grown(Desired(fleet=fleet, retiring={"web": members(3)})) == {"web": 9}


def test_fewer_replicas_leave_the_slots_as_they_are() -> None:
    assert grown(Desired(fleet={"web": members(1)}, slots={"web": 9})) == {"web": 9}


def test_only_a_change_of_the_edge_removes_the_slots_of_a_service_that_is_gone() -> None:
    desired = Desired(fleet={"web": members(1)}, slots={"web": 3, "old": 3})
    assert grown(desired) == {"web": 3, "old": 3}
    assert after(desired, SetEdge(0, Edge()), "boot", 0).slots == {"web": 3}


def test_a_service_with_a_draining_instance_keeps_its_slots() -> None:
    desired = Desired(
        retiring={"web": members(1)},
        slots={"web": 3},
        instances={"web-1-1": DesiredInstance("web", 1, 1, leaving=True)},
    )
    assert after(desired, SetEdge(0, None), "boot", 0).slots == {"web": 3}
