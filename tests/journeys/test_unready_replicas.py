"""Where requests go when replicas are not ready: to the ready ones; when none is, to those that accept connections."""

import pytest

from tests.journeys.load import Load
from tests.journeys.machine import until
from tests.journeys.parrot import Parrot
from tests.journeys.place import Document, Place
from tests.journeys.whole import assert_whole

pytestmark = pytest.mark.slow


def instances(place: Place) -> list[Document]:
    found: list[Document] = place.status()["services"][0]["instances"]
    return found


def unready(place: Place) -> int:
    return sum(one["state"] == "unready" for one in instances(place))


def test_where_no_replica_is_ready_requests_are_still_answered(place: Place) -> None:
    place.ship(Parrot(replicas=2))
    url = place.url
    with Load(url, rate=50, longest_s=60) as load:
        for number, one in enumerate(instances(place), 1):
            assert place.get("/unready", url=f"http://{one['address']}")[0] == 200
            until(lambda n=number: unready(place) == n, within=30, what=f"{number} unready")  # type: ignore[misc]  # bound at once
        before = load.tally.total
        until(lambda: load.tally.total > before + 50, within=10, what="more of the load")
    assert load.stop().lost == [], load.tally
    status = place.ask("status", ends=1)
    assert status["problems"][0]["code"] == "instances-missing"
    place.ship(Parrot("2", replicas=2), "deploy", "--yes")
    assert_whole(place)
