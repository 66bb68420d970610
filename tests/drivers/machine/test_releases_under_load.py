"""No request is lost while releases replace each other, with or without a supervisor."""

import asyncio
from collections.abc import Callable

import pytest

from mainstay.model import Shift
from tests.drivers.edge.haproxy.http_load import Client, load
from tests.drivers.machine.machine import Machine, member, service

pytestmark = pytest.mark.slow


@pytest.fixture
def port(machine: Machine) -> int:
    """The port of the front door, with the first release behind it."""
    machine.start_release_1()
    return int(machine.target.traffic_status().url.rpartition(":")[2])


def replace_release(machine: Machine, old: int, new: int, between: Callable[[], None] = lambda: None) -> None:
    """Start release *new*, send it all traffic, then stop release *old*; call *between* after each request."""
    two = member(service(), 2)
    machine.target.set_fleet({"web": {old: two, new: two}})
    machine.wait_until(lambda: machine.is_ready(new, 2), f"web@{new}")
    between()
    machine.target.set_traffic((Shift({"web": {new: 100.0}}),))
    machine.wait_for_traffic({new: 100.0})
    between()
    machine.target.set_fleet({"web": {new: two}})
    machine.wait_until(lambda: len(machine.target.fleet_status().instances) == 2, f"the end of web@{old}")


async def replace_releases_under_load(
    machine: Machine, port: int, method: str, between: Callable[[], None]
) -> list[str]:
    async with load(port, rate=300, method=method) as tally:
        for release in range(1, 6):
            await asyncio.to_thread(replace_release, machine, release, release + 1, between)
    assert tally.total > 500
    return tally.not_ok


@pytest.mark.goal("G2")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_request_is_lost_in_five_releases(machine: Machine, port: int, method: str) -> None:
    assert asyncio.run(replace_releases_under_load(machine, port, method, lambda: None)) == []


def test_no_request_is_lost_when_the_supervisor_is_killed_during_releases(machine: Machine, port: int) -> None:
    assert asyncio.run(replace_releases_under_load(machine, port, "POST", machine.restart_supervisor)) == []


def test_a_draining_instance_answers_its_slow_request(machine: Machine, port: int) -> None:
    async def request_during_release() -> int:
        request = asyncio.create_task(Client(port).request("/slow=2"))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(replace_release, machine, 1, 2)
        return (await request).status

    assert asyncio.run(request_during_release()) == 200


def test_a_request_longer_than_the_drain_is_cut_and_counted(machine: Machine, port: int) -> None:
    async def request_longer_than_the_drain() -> None:
        request = asyncio.create_task(Client(port).request("/slow=30", method="POST"))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(replace_release, machine, 1, 2)
        assert (await request).status == 502

    asyncio.run(request_longer_than_the_drain())
    assert "1 request still in flight after its drain" in machine.folders.supervisor_log.read_text()
