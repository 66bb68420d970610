"""The endpoints of an environment: what its real processes listen on."""

from collections.abc import Iterable

import pytest

from mainstay.errors import Unreachable
from mainstay.model.endpoint import Endpoint
from mainstay.system import open_sockets
from mainstay.system.open_sockets import OpenSocket
from tests.drivers.machine.machine import PYTHON, Machine, member, service, worker

LISTENS = """
import os, socket, sys, time
if sys.argv[1:] and not os.fork():
    os.setsid()
server = socket.create_server(("0.0.0.0", 0))
time.sleep(60)
"""


def undeclared(machine: Machine) -> list[Endpoint]:
    return [each for each in machine.target.endpoints() if not each.declared]


@pytest.mark.requirement("E47")
def test_the_edge_and_the_supervisor_listen_at_sockets_of_their_owner_alone(machine: Machine) -> None:
    machine.start_release_1()
    found = [each for each in machine.target.endpoints() if each.protocol == "unix"]
    assert {each.title for each in found} == {
        "preview door", "control socket of edge", "control socket of supervisor", "access log of supervisor"
    }  # fmt: skip
    assert {each.reach for each in found} == {"owner"}
    assert undeclared(machine) == []


def test_a_port_that_a_service_opens_on_its_own_is_exposed(machine: Machine) -> None:
    machine.start_fleet(member(worker(PYTHON, "-c", LISTENS)), service="worker")
    machine.wait_until(lambda: undeclared(machine), "the port")
    (found,) = undeclared(machine)
    assert (found.title, found.address.partition(":")[0]) == ("instance worker-1-1", "0.0.0.0")
    assert found.exposed


def test_a_child_that_left_the_session_of_its_service_still_belongs_to_it(machine: Machine) -> None:
    machine.start_fleet(member(worker(PYTHON, "-c", LISTENS, "twice")), service="worker")
    machine.wait_until(lambda: len(undeclared(machine)) == 2, "both ports")
    assert {each.title for each in undeclared(machine)} == {"instance worker-1-1"}


def test_endpoints_are_read_without_a_supervisor(machine: Machine) -> None:
    machine.start_fleet(member(service()))
    before = {each for each in machine.target.endpoints() if each.protocol == "tcp"}
    machine.kill_supervisor()
    assert {each for each in machine.target.endpoints() if each.protocol == "tcp"} == before


def test_sockets_whose_owner_cannot_be_read_are_no_clean_bill(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.start_fleet(member(service()))
    found = tuple(each._replace(pid=None) for each in open_sockets.open_sockets())

    def unreadable() -> Iterable[OpenSocket]:
        return found

    monkeypatch.setattr("mainstay.drivers.machine.endpoints.open_sockets", unreadable)
    with pytest.raises(Unreachable, match="may not read which process listens on"):
        machine.target.endpoints()
