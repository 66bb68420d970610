"""No request is lost while revisions come and go, whoever watches meanwhile."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from mainstay.model import Edge, Route, Shift
from tests.drivers.edge.haproxy.traffic import Client, load
from tests.drivers.machine.place import Place, a_place, member, service

EDGE = Edge(http=0, routes=(Route("/", "web"),), address="127.0.0.1")

pytestmark = pytest.mark.slow


@pytest.fixture
def place() -> Iterator[Place]:
    with a_place() as one:
        yield one


@pytest.fixture
def port(place: Place) -> int:
    """The front door, with the first release behind it."""
    place.target.set_edge(EDGE)
    place.up(member(service(), 2))
    place.target.set_traffic((Shift({"web": {1: 100.0}}),))
    place.until(lambda: place.target.traffic_status().actual.get("web") == {1: 100.0}, "traffic")
    return int(place.target.traffic_status().url.rpartition(":")[2])


def move(place: Place, old: int, new: int, amid: Callable[[], None] = lambda: None) -> None:
    """From one release to the next: new in, traffic over, old out."""
    two = member(service(), 2)
    place.target.set_fleet({"web": {old: two, new: two}})
    place.until(lambda: place.ready(new, 2), f"web@{new}")
    amid()
    place.target.set_traffic((Shift({"web": {new: 100.0}}),))
    place.until(lambda: place.target.traffic_status().actual.get("web") == {new: 100.0}, "traffic")
    amid()
    place.target.set_fleet({"web": {new: two}})
    place.until(lambda: len(place.target.fleet_status().instances) == 2, f"the end of web@{old}")


def kill_and_wake(place: Place) -> None:
    place.kill_supervisor()
    place.target.start()


async def moves_under_load(place: Place, port: int, method: str, amid: Callable[[], None]) -> list[str]:
    async with load(port, rate=300, method=method) as tally:
        for release in range(1, 6):
            await asyncio.to_thread(move, place, release, release + 1, amid)
    assert tally.total > 500
    return tally.lost


@pytest.mark.goal("G2")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_request_is_lost_in_five_moves(place: Place, port: int, method: str) -> None:
    assert asyncio.run(moves_under_load(place, port, method, lambda: None)) == []


def test_no_request_is_lost_when_the_supervisor_is_killed_on_the_way(place: Place, port: int) -> None:
    assert asyncio.run(moves_under_load(place, port, "POST", lambda: kill_and_wake(place))) == []


def test_a_request_that_takes_its_time_is_answered_by_the_one_that_leaves(place: Place, port: int) -> None:
    async def slow() -> int:
        asking = asyncio.create_task(Client(port).ask("/slow=2"))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(move, place, 1, 2)
        return (await asking).status

    assert asyncio.run(slow()) == 200


def test_what_outlasts_the_drain_is_cut_and_counted(place: Place, port: int) -> None:
    async def too_slow() -> None:
        asking = asyncio.create_task(Client(port).ask("/slow=30", method="POST"))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(move, place, 1, 2)
        assert (await asking).status == 502

    asyncio.run(too_slow())
    assert "1 connections are still open after its drain" in place.folders.supervisor_log.read_text()
