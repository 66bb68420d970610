"""Requests that kill the instance that handles them: repeated at most once, and never after a response began."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.load import Load
from tests.journeys.machine import until
from tests.journeys.parrot import Parrot
from tests.journeys.place import Place
from tests.journeys.whole import well

pytestmark = pytest.mark.slow


def restarts(place: Place) -> list[int]:
    """How often each instance was restarted, the most often first."""
    return sorted((one["restarts"] for one in place.status()["services"][0]["instances"]), reverse=True)


def ship(place: Place, replicas: int) -> str:
    place.ship(Parrot(replicas=replicas))
    assert restarts(place) == [0] * replicas
    return place.url


@pytest.mark.parametrize("replicas", [2, 3, 4])
def test_a_get_that_kills_its_instance_is_repeated_once_and_the_client_gets_the_error(
    place: Place, replicas: int
) -> None:
    url = ship(place, replicas)
    status, body = place.get("/die", url=url)
    until(lambda: well(place), within=15, what="all instances again")
    assert restarts(place) == [1, 1] + [0] * (replicas - 2)
    assert status == 502, (status, body)


@pytest.mark.parametrize("path", ["/die", "/cut"])
def test_a_post_and_a_response_that_has_begun_are_not_repeated(place: Place, path: str) -> None:
    url = ship(place, 3)
    status, body = place.get(path, method="POST" if path == "/die" else "GET", url=url)
    until(lambda: well(place), within=15, what="all instances again")
    assert restarts(place) == [1, 0, 0]
    assert status == 502 if path == "/die" else "IncompleteRead" in body


@pytest.mark.parametrize("replicas", [3, 4])
def test_a_get_that_kills_two_instances_costs_others_only_what_meets_both(place: Place, replicas: int) -> None:
    url = ship(place, replicas)
    with Load(url, rate=100) as load, ThreadPoolExecutor() as threads:
        until(lambda: load.tally.total > 50, within=10, what="a load")
        assert threads.submit(place.get, "/die", url=url).result()[0] == 502
        until(lambda: well(place), within=15, what="all instances again")
        before = load.tally.total
        until(lambda: load.tally.total > before + 50, within=10, what="more of the load")
    assert len(load.stop().lost) <= 3, load.tally
