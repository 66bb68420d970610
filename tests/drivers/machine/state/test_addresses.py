"""Ports and slots of instances and listeners."""

from pathlib import Path

from msgspec.structs import replace

from mainstay.drivers.machine.protocol import SetEdge
from mainstay.drivers.machine.state.addresses import allocate, listeners, slot_counts
from mainstay.drivers.machine.state.desired import Desired, DesiredInstance
from mainstay.drivers.machine.state.transitions import after
from mainstay.model import Edge, Listener, Member, Members
from tests.drivers.machine.state.states import STORE, WEB, WORKER, placed_fleet


def test_each_instance_and_listener_has_a_port_of_its_own_and_keeps_it() -> None:
    web = replace(WEB, environment={"API": Listener("api")})
    desired = allocate(placed_fleet((41, 3, web), (41, 1, STORE), edge=Edge(http=0)), Path("/a"))
    webs = [one for one in desired.instances.values() if one.service == "web"]
    assert {one.slot for one in webs} == {1, 2, 3}
    assert desired.instances["db-41-1"].port == desired.ports["kept:db"]
    assert set(listeners(desired)) == {"web", "db", "api"}
    held = [one.port for one in webs] + list(desired.ports.values())
    assert len(set(held)) == len(held)
    assert allocate(desired, Path("/a")) == desired


def members(*counts: int) -> Members:
    return {release: Member(WEB, count, "1") for release, count in enumerate(counts, 1)}


def test_a_service_has_three_slots_for_each_replica_of_its_largest_revision() -> None:
    fleet = {"web": members(2, 1), "worker": {1: Member(WORKER, 1, "1")}}
    assert slot_counts(Desired(fleet=fleet, retiring={"web": members(3)})) == {"web": 9}


def test_fewer_replicas_leave_the_slots_as_they_are() -> None:
    assert slot_counts(Desired(fleet={"web": members(1)}, slots={"web": 9})) == {"web": 9}


def test_only_a_change_of_the_edge_removes_the_slots_of_a_service_that_is_gone() -> None:
    desired = Desired(fleet={"web": members(1)}, slots={"web": 3, "old": 3})
    assert slot_counts(desired) == {"web": 3, "old": 3}
    assert after(desired, SetEdge(0, Edge()), "boot", 0).slots == {"web": 3}


def test_a_service_with_a_draining_instance_keeps_its_slots() -> None:
    leaving = {"web-1-1": DesiredInstance("web", 1, 1, leaving=True)}
    desired = Desired(retiring={"web": members(1)}, slots={"web": 3}, instances=leaving)
    assert after(desired, SetEdge(0, None), "boot", 0).slots == {"web": 3}
