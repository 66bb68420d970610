"""Ports and slots of instances and listeners."""

from pathlib import Path

from mainstay.drivers.machine.state.addresses import allocate, listeners
from mainstay.drivers.machine.state.desired import Desired
from mainstay.drivers.machine.state.placement import with_instances
from mainstay.model import Edge, Member, Workload


def test_each_instance_and_listener_has_a_port_of_its_own_and_keeps_it() -> None:
    web, store = Workload("web", ("serve",)), Workload("db", ("keep",), datastore=True)
    fleet = {"web": {41: Member(web, 3, "1")}, "db": {41: Member(store, 1, "18")}}
    desired = allocate(with_instances(Desired(fleet=fleet, edge=Edge(http=0)), frozenset()), Path("/a"), ["api"])
    webs = [one for one in desired.instances.values() if one.service == "web"]
    assert {one.slot for one in webs} == {1, 2, 3}
    assert desired.instances["db-41-1"].port == desired.ports["kept:db"]
    assert set(listeners(desired)) == {"web", "db", "api"}
    held = [one.port for one in webs] + list(desired.ports.values())
    assert len(set(held)) == len(held)
    assert allocate(desired, Path("/a"), ["api"]) == desired
