"""Ports and desired.json: what is kept in files and what is made of them."""

import os
import socket
from pathlib import Path

import pytest

from mainstay.drivers.machine.state.addresses import allocate, listeners
from mainstay.drivers.machine.state.desired import Desired
from mainstay.drivers.machine.state.placement import with_instances
from mainstay.drivers.machine.state.store import Store
from mainstay.errors import BadInput
from mainstay.model import Edge, Member, Workload
from mainstay.system import ports


def test_what_was_written_is_read_and_nothing_else_is_left(tmp_path: Path) -> None:
    store = Store(tmp_path / "desired.json")
    assert store.read() == Desired()
    desired = Desired(fence=3, fleet={"web": {41: Member(Workload("web", ("serve",)), 2, "1")}}, edge=Edge())
    store.write(desired)
    assert store.read() == desired
    assert os.listdir(tmp_path) == ["desired.json"]
    assert (tmp_path / "desired.json").stat().st_mode & 0o777 == 0o600


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "desired.json").write_text('{"format": 99}')
    with pytest.raises(BadInput, match="format 99"):
        Store(tmp_path / "desired.json").read()


def test_ports_lie_below_the_ephemeral_ones_and_two_environments_begin_elsewhere() -> None:
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    one, other = ports.free_port(Path("/a"), ()), ports.free_port(Path("/b"), ())
    assert one != other
    assert max(one, other) < low


def test_a_port_that_somebody_has_is_not_given() -> None:
    first = ports.free_port(Path("/a"), ())
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", first))
        holder.listen()
        assert ports.free_port(Path("/a"), ()) != first
    assert ports.free_port(Path("/a"), {first}) != first


def test_everything_that_is_to_exist_gets_a_port_and_a_slot_once() -> None:
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
